//! The details of a gRPC status: no panic, and the delay that prost reads in them.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use prost::Message;
use retry_core::{Classify, Verdict};
use tonic::{Code, Status};
use tonic_types::pb;

/// `google.rpc.RetryInfo`, as prost derives it.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

fuzz_target!(|details: &[u8]| {
    let _ = hint(details);

    // A status that prost reads, encoded again by prost.
    if let Ok(status) = pb::Status::decode(details) {
        assert_eq!(
            hint(&status.encode_to_vec()),
            delay_of(&status),
            "{status:?}"
        );
    }

    // And a delay of these bytes, behind another detail.
    let Some((number, before)) = details.split_first_chunk::<12>() else {
        return;
    };
    let (seconds, nanos) = number.split_at(8);
    let delay = Delay {
        seconds: i64::from_le_bytes(seconds.try_into().expect("8 bytes")),
        nanos: i32::from_le_bytes(nanos.try_into().expect("4 bytes")),
    };
    let any = |url: &str, value: Vec<u8>| prost_types::Any {
        type_url: url.to_owned(),
        value,
    };
    let info = RetryInfo { delay: Some(delay) };
    let details = vec![
        any("type.googleapis.com/google.rpc.ErrorInfo", before.to_vec()),
        any(
            "type.googleapis.com/google.rpc.RetryInfo",
            info.encode_to_vec(),
        ),
    ];
    let status = pb::Status {
        details,
        ..Default::default()
    };
    assert_eq!(hint(&status.encode_to_vec()), wait_of(delay));
});

/// The wait for which this status asks.
fn hint(details: &[u8]) -> Option<Duration> {
    let details = details.to_vec().into();
    match Status::with_details(Code::Unavailable, "", details)
        .classify()
        .verdict()
    {
        Verdict::RetryAfter(wait) => Some(wait),
        _ => None,
    }
}

fn delay_of(status: &pb::Status) -> Option<Duration> {
    let is_info = |url: &str| url.rsplit('/').next() == Some("google.rpc.RetryInfo");
    let any = status.details.iter().find(|any| is_info(&any.type_url))?;
    // A detail that is none is read as far as it goes.
    match RetryInfo::decode(&*any.value) {
        Ok(info) => wait_of(info.delay?),
        Err(_) => hint(&status.encode_to_vec()),
    }
}

fn wait_of(delay: Delay) -> Option<Duration> {
    let nanos = u32::try_from(delay.nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(delay.seconds).ok()?, nanos))
}
