//! [`tonic::Status`], by its origin (the server, or this side's transport) and by code.

mod retry_info;

use std::error::Error;
use std::time::Duration;

use tonic::{Code, ConnectError, Status};

use super::outcome::{declined, final_unknown, refused, turned_away, unknown};
use super::{connect, http_status, layers};
use crate::classify::judgement::{Judgement, Verdict};
use crate::classify::sources::{held_as, layers};

classified! {
    Status: judge;
}

fn judge(status: &Status) -> Judgement {
    match status.source() {
        Some(source) => judge_transport(status.code(), source),
        None => judge_answer(status),
    }
}

/// Judges a status that tonic made of a local error: only a request that never went out is known to have
/// done nothing, whatever its code.
fn judge_transport(code: Code, source: &(dyn Error + 'static)) -> Judgement {
    for layer in layers(Some(source)) {
        if let Some(connect) = held_as::<ConnectError>(layer) {
            return connect::judge(Some(connect));
        }
        // Middleware wraps a server's answer like any other error.
        if let Some(answer) = held_as::<Status>(layer) {
            return judge(answer);
        }
        match layers::judgement(layer) {
            Some(judged) if judged.is_not_applied() => return judged,
            // The status's code describes the failure more exactly.
            Some(_) => break,
            None => {}
        }
    }
    judge_code(code).unknown()
}

fn judge_answer(status: &Status) -> Judgement {
    let judged = match http_status_of(status.message()) {
        Some(http) => http_status::judge(http),
        None if is_too_large(status) => declined("message_too_large"),
        // This side's decoder failed on an answer that arrived.
        None if status.message().starts_with("Content is compressed with ") => declined("decode"),
        None => judge_code(status.code()),
    };
    match hint(status) {
        // A final error must not become a retry.
        _ if judged.verdict() == Verdict::Stop => judged,
        None => judged,
        Some(Hint::Never) => judged.advising(Verdict::Stop),
        Some(Hint::After(wait)) => {
            let judged = judged.advising(Verdict::RetryAfter(wait));
            match status.code() {
                // The server itself answers, not a proxy that lost its answer.
                Code::Unavailable | Code::Aborted => judged.step_not_applied(),
                _ => judged,
            }
        }
    }
}

/// Returns the HTTP status of a proxy that answered in HTTP alone. gRPC's mapping makes UNAVAILABLE of
/// 502 and 504, although the server behind may have done its work; tonic keeps the number in the
/// message.
fn http_status_of(message: &str) -> Option<u16> {
    message
        .strip_prefix("grpc-status header missing, mapped from HTTP status code ")?
        .parse()
        .ok()
}

/// Whether a message exceeded a limit. It may be the answer, after the call was served: the server's
/// library and this one report both alike.
fn is_too_large(status: &Status) -> bool {
    // The texts of tonic, grpc-go and grpc-core, grpc-java, grpc-dotnet and Envoy.
    const TEXTS: [&str; 7] = [
        "length too large",
        "larger than max",
        "message too large",
        "exceeds maximum size",
        "exceeds the maximum",
        "size limit",
        "more than 4gb",
    ];
    let may_be = matches!(status.code(), Code::ResourceExhausted | Code::OutOfRange);
    may_be && {
        let message = status.message().to_ascii_lowercase();
        TEXTS.iter().any(|text| message.contains(text))
    }
}

/// Judges by the meaning that gRPC gives to its codes ("Status codes and their use in gRPC").
fn judge_code(code: Code) -> Judgement {
    match code {
        // "Use UNAVAILABLE if the client can retry just the failing call" - but proxies and libraries
        // use it for a connection that broke after the call went out.
        Code::Unavailable => unknown("unavailable"),
        // A lost race, as 409: perhaps against an earlier attempt of our own.
        Code::Aborted => unknown("aborted"),
        Code::ResourceExhausted => turned_away("resource_exhausted").throttle(),
        // "Even if the operation has completed successfully", and codes that state nothing about it.
        Code::DeadlineExceeded => unknown("deadline_exceeded"),
        Code::Cancelled => unknown("cancelled"),
        Code::Unknown => unknown("unknown"),
        Code::Internal => unknown("internal"),
        Code::Ok => unknown("ok"),
        Code::InvalidArgument => refused("invalid_argument"),
        Code::NotFound => refused("not_found"),
        // Perhaps made by an earlier attempt of our own.
        Code::AlreadyExists => declined("already_exists"),
        Code::PermissionDenied => refused("permission_denied"),
        Code::FailedPrecondition => refused("failed_precondition"),
        Code::OutOfRange => refused("out_of_range"),
        Code::Unimplemented => refused("unimplemented"),
        Code::DataLoss => final_unknown("data_loss"),
        Code::Unauthenticated => refused("unauthenticated"),
    }
}

/// The server's instruction for the next attempt.
enum Hint {
    After(Duration),
    Never,
}

/// Returns the pushback (gRPC proposal A6: a negative value, or one that is no number, forbids further
/// attempts), else `RetryInfo`.
fn hint(status: &Status) -> Option<Hint> {
    let Some(value) = status.metadata().get("grpc-retry-pushback-ms") else {
        return retry_info::delay(status.details()).map(Hint::After);
    };
    let wait = value.to_str().ok().and_then(|text| text.parse().ok());
    Some(wait.map_or(Hint::Never, |ms| Hint::After(Duration::from_millis(ms))))
}
