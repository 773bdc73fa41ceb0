//! `google.rpc.RetryInfo` in the details of a status, read without a protobuf library.
//!
//! Four messages are nested, and one or two fields of each matter: `Status { details = 3 }` → `Any {
//! type_url = 1, value = 2 }` → `RetryInfo { retry_delay = 1 }` → `Duration { seconds = 1, nanos = 2 }`.

use std::time::Duration;

/// Returns the delay that the details request; `None` if they hold no readable one.
///
/// Protobuf lets an encoder write a field that is not repeated several times: of numbers the last one
/// counts, and messages are merged.
pub(super) fn delay(details: &[u8]) -> Option<Duration> {
    let any = Fields(details)
        .filter_map(|field| field.bytes(3))
        .find(|any| is_retry_info(any))?;
    let info = last(any, |field| field.bytes(2))?;
    let parts = || Fields(info).filter_map(|field| field.bytes(1));
    parts().next()?;
    let number = |of| {
        let numbers = parts().filter_map(|part| last(part, |field| field.varint(of)));
        numbers.last().unwrap_or(0)
    };
    // Negative numbers are large varints and do not convert.
    let seconds = u64::try_from(i64::try_from(number(1)).ok()?).ok()?;
    // A number of 32 bits is the low half of its varint.
    let nanos = u32::try_from(number(2) & u64::from(u32::MAX))
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(seconds, nanos))
}

/// Returns the last value of a field.
fn last<'a, T>(message: &'a [u8], of: impl Fn(&Field<'a>) -> Option<T>) -> Option<T> {
    Fields(message).filter_map(|field| of(&field)).last()
}

fn is_retry_info(any: &[u8]) -> bool {
    last(any, |field| field.bytes(1))
        .is_some_and(|url| url.rsplit(|byte| *byte == b'/').next() == Some(b"google.rpc.RetryInfo"))
}

struct Field<'a> {
    number: u64,
    value: Value<'a>,
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// 32 or 64 bits; none of the four messages has such a field.
    Fixed,
}

impl<'a> Field<'a> {
    fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self.value {
            Value::Bytes(bytes) if self.number == number => Some(bytes),
            _ => None,
        }
    }

    fn varint(&self, number: u64) -> Option<u64> {
        match self.value {
            Value::Varint(varint) if self.number == number => Some(varint),
            _ => None,
        }
    }
}

/// The fields of a message, up to the first bytes that are not protobuf.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(usize::try_from(length).ok()?)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some(Field {
            number: tag >> 3,
            value,
        })
    }
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let length = self.0.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
        let bytes = self.take(length)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f)),
        )
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("a short field");
        [&[number << 3 | 2, length], content].concat()
    }

    /// Makes details with this duration in a `RetryInfo`, after a detail of another kind and fields of
    /// all wire types.
    fn details(duration: &[u8]) -> Vec<u8> {
        let other = [field(1, b"a.b/Foo"), field(2, b"\x08\x01")].concat();
        let info = [
            field(1, b"type.googleapis.com/google.rpc.RetryInfo"),
            field(2, &field(1, duration)),
        ]
        .concat();
        let before = b"\x08\x0e\x21\x01\x02\x03\x04\x05\x06\x07\x08\x2d\x01\x02\x03\x04";
        [before.to_vec(), field(3, &other), field(3, &info)].concat()
    }

    #[test]
    fn finds_the_delay_among_other_details() {
        for (duration, delay_ms) in [
            (b"\x08\x01\x10\x80\xca\xb5\xee\x01".as_slice(), 1500),
            (b"\x10\x80\xca\xb5\xee\x01", 500),
            (b"\x08\xac\x02", 300_000),
            (b"", 0),
        ] {
            let found = delay(&details(duration));
            assert_eq!(found, Some(Duration::from_millis(delay_ms)), "{duration:?}");
        }
    }

    #[test]
    fn of_numbers_that_are_there_twice_the_last_counts_and_messages_are_merged() {
        assert_eq!(
            delay(&details(b"\x08\x0e\x08\x04")),
            Some(Duration::from_secs(4))
        );
        let url = field(1, b"google.rpc.RetryInfo");
        let parts = [field(1, b"\x08\x01\x10\x05"), field(1, b"\x08\x02")].concat();
        let info = [field(2, b"\x0a\x00"), url, field(2, &parts)].concat();
        assert_eq!(delay(&field(3, &info)), Some(Duration::new(2, 5)));
        assert_eq!(
            delay(&details(b"\x10\x85\x80\x80\x80\x10")),
            Some(Duration::from_nanos(5))
        );
    }

    #[test]
    fn what_is_cut_short_is_no_hint() {
        let whole = details(b"\x08\x01");
        for cut in 0..whole.len() {
            assert_eq!(delay(&whole[..cut]), None, "{cut} bytes");
        }
    }

    #[test]
    fn a_delay_below_zero_or_out_of_range_is_no_hint() {
        for duration in [
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".as_slice(),
            b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x10\x80\x94\xeb\xdc\x03",
        ] {
            assert_eq!(delay(&details(duration)), None, "{duration:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(0_u8.., 0..80)) {
            let _ = delay(&bytes);
        }
    }
}
