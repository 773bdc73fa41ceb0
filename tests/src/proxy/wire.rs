//! [`Wire`]: what of a protocol the proxy must know: where a message ends, and what it is.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::unix::OwnedReadHalf;

/// The protocol of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire {
    Postgres,
    Redis,
}

impl Wire {
    /// One message, whole; `None` where there is none any more.
    pub(super) async fn read(
        self,
        from: &mut BufReader<OwnedReadHalf>,
        is_first: bool,
    ) -> Option<Vec<u8>> {
        match self {
            Self::Postgres => postgres(from, is_first).await,
            Self::Redis => redis(from).await,
        }
    }

    /// Whether a client's message is a command that the tests count.
    pub(super) fn is_command(self, message: &[u8], is_first: bool) -> bool {
        match self {
            Self::Postgres if is_first => false,
            // Execute: what comes before it prepares a statement, and changes nothing.
            Self::Postgres => message[0] == b'E' || (message[0] == b'Q' && says(message, "COMMIT")),
            Self::Redis => says(message, "EVALSHA"),
        }
    }

    /// Whether the server has an answer to this message, and those before it.
    pub(super) fn is_answered(self, message: &[u8], is_first: bool) -> bool {
        match self {
            // Query and Sync.
            Self::Postgres => is_first || matches!(message[0], b'Q' | b'S'),
            // Subscriptions are confirmed beside the answers.
            Self::Redis => !says(message, "SUBSCRIBE"),
        }
    }

    /// Whether a server's message is the last of an answer.
    pub(super) fn is_last(self, message: &[u8]) -> bool {
        match self {
            // ReadyForQuery, which comes after the commit.
            Self::Postgres => message[0] == b'Z',
            Self::Redis => message[0] != b'>',
        }
    }
}

/// Whether a message has this word among its first: a command's name.
fn says(message: &[u8], word: &str) -> bool {
    let head = &message[..message.len().min(32)];
    head.windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// A type, which a client's first message lacks, a length and that much.
async fn postgres(from: &mut BufReader<OwnedReadHalf>, is_first: bool) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    if !is_first {
        message.push(from.read_u8().await.ok()?);
    }
    let length = from.read_u32().await.ok()?;
    message.extend(length.to_be_bytes());
    let start = message.len();
    message.resize(start + usize::try_from(length).ok()?.checked_sub(4)?, 0);
    from.read_exact(&mut message[start..]).await.ok()?;
    Some(message)
}

/// Lines, some of which say how many bytes or how many more messages belong to them.
async fn redis(from: &mut BufReader<OwnedReadHalf>) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut left = 1;
    while left > 0 {
        let start = message.len();
        if from.read_until(b'\n', &mut message).await.ok()? == 0 {
            return None;
        }
        let line = str::from_utf8(message[start..].trim_ascii_end()).ok()?;
        let (kind, rest) = line.split_at_checked(1)?;
        // A null value has a length below zero.
        let count = rest.parse::<i64>().unwrap_or(0).max(0).unsigned_abs();
        match kind {
            "$" | "=" | "!" if rest != "-1" => {
                let start = message.len();
                message.resize(start + usize::try_from(count).ok()? + 2, 0);
                from.read_exact(&mut message[start..]).await.ok()?;
            }
            "*" | "~" | ">" => left += count,
            "%" => left += 2 * count,
            // Attributes stand before what they are about.
            "|" => left += 2 * count + 1,
            _ => {}
        }
        left -= 1;
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;

    use super::*;

    async fn messages(wire: Wire, bytes: &[u8]) -> Vec<Vec<u8>> {
        let (mut near, far) = UnixStream::pair().expect("two sockets");
        near.write_all(bytes).await.expect("written");
        drop(near);
        let (half, _writes) = far.into_split();
        let (mut from, mut read) = (BufReader::new(half), Vec::new());
        while let Some(message) = wire.read(&mut from, false).await {
            read.push(message);
        }
        read
    }

    #[tokio::test]
    async fn redis_messages_end_where_their_parts_do() {
        let parts: [&[u8]; 8] = [
            b"+OK\r\n",
            b"$5\r\na\r\nbc\r\n",
            b"$-1\r\n",
            b"*2\r\n$1\r\na\r\n*1\r\n:7\r\n",
            b">3\r\n+subscribe\r\n$1\r\nc\r\n:1\r\n",
            b"%1\r\n+server\r\n+redis\r\n",
            b"_\r\n",
            b"*-1\r\n",
        ];
        assert_eq!(messages(Wire::Redis, &parts.concat()).await, parts);
        assert!(!Wire::Redis.is_last(parts[4]));
        assert!(Wire::Redis.is_last(parts[5]));
    }

    #[tokio::test]
    async fn postgres_messages_have_a_type_and_a_length() {
        let parts: [&[u8]; 3] = [
            b"Q\0\0\0\x0bCOMMIT\0",
            b"S\0\0\0\x04",
            b"E\0\0\0\x09\0\0\0\0\0",
        ];
        assert_eq!(messages(Wire::Postgres, &parts.concat()).await, parts);
        let commands = parts.map(|part| Wire::Postgres.is_command(part, false));
        assert_eq!(commands, [true, false, true]);
        let answered = parts.map(|part| Wire::Postgres.is_answered(part, false));
        assert_eq!(answered, [true, true, false]);
    }

    #[tokio::test]
    async fn a_message_that_is_cut_short_is_none() {
        assert!(messages(Wire::Redis, b"*2\r\n$1\r\na\r\n").await.is_empty());
        assert!(messages(Wire::Postgres, b"S\0\0\0\x08\0").await.is_empty());
    }
}
