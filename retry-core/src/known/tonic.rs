//! [`tonic::Status`], by who speaks - the server, or this side's transport - and by code.

mod retry_info;

use std::error::Error;
use std::time::Duration;

use tonic::{Code, ConnectError, Status};

use super::outcome::{final_unknown, refused, turned_away, unknown};
use super::{connect, http_status};
use crate::chain;
use crate::classify::Classify;
use crate::judgement::{Judgement, Verdict};

impl Classify for Status {
    fn classify(&self) -> Judgement {
        judge(self)
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn judge(status: &Status) -> Judgement {
    let judged = match status.source() {
        Some(source) => judge_transport(status.code(), source),
        None => judge_answer(status),
    };
    hinted(judged, status)
}

/// A status that tonic made of a local error: only a failure to connect is known to have sent
/// nothing, whatever code it was given.
fn judge_transport(code: Code, source: &(dyn Error + 'static)) -> Judgement {
    for layer in chain::layers(Some(source)) {
        if let Some(connect) = layer.downcast_ref::<ConnectError>() {
            return connect::judge(Some(connect));
        }
        // Middleware wraps a server's answer like any other error.
        if let Some(answer) = layer.downcast_ref::<Status>() {
            return judge(answer);
        }
    }
    judge_code(code).unknown()
}

fn judge_answer(status: &Status) -> Judgement {
    match http_status_of(status) {
        Some(http) => http_status::judge(http),
        None => judge_code(status.code()),
    }
}

/// What a proxy answered in HTTP alone. gRPC's mapping makes UNAVAILABLE of 502 and 504, behind
/// which the server may well have done its work; tonic keeps the number in the message.
fn http_status_of(status: &Status) -> Option<u16> {
    status
        .message()
        .strip_prefix("grpc-status header missing, mapped from HTTP status code ")?
        .parse()
        .ok()
}

/// By the meaning that gRPC gives to its codes ("Status codes and their use in gRPC").
fn judge_code(code: Code) -> Judgement {
    match code {
        // "Use UNAVAILABLE if the client can retry just the failing call"; ABORTED is a lost race,
        // RESOURCE_EXHAUSTED a quota: all three turn a call away.
        Code::Unavailable => turned_away("unavailable"),
        Code::Aborted => turned_away("aborted"),
        Code::ResourceExhausted => turned_away("resource_exhausted"),
        // "Even if the operation has completed successfully", and codes that say nothing of it.
        Code::DeadlineExceeded => unknown("deadline_exceeded"),
        Code::Cancelled => unknown("cancelled"),
        Code::Unknown => unknown("unknown"),
        Code::Internal => unknown("internal"),
        Code::Ok => unknown("ok"),
        Code::InvalidArgument => refused("invalid_argument"),
        Code::NotFound => refused("not_found"),
        // Perhaps by an earlier attempt of our own.
        Code::AlreadyExists => final_unknown("already_exists"),
        Code::PermissionDenied => refused("permission_denied"),
        Code::FailedPrecondition => refused("failed_precondition"),
        Code::OutOfRange => refused("out_of_range"),
        Code::Unimplemented => refused("unimplemented"),
        Code::DataLoss => final_unknown("data_loss"),
        Code::Unauthenticated => refused("unauthenticated"),
    }
}

/// What the server says of the next attempt wins over its code, except that nothing invites to
/// repeat what is final.
fn hinted(judged: Judgement, status: &Status) -> Judgement {
    let verdict = judged.verdict();
    judged.advising(match pushback(status) {
        _ if verdict == Verdict::Stop => Verdict::Stop,
        Some(Pushback::Never) => Verdict::Stop,
        Some(Pushback::After(wait)) => Verdict::RetryAfter(wait),
        None => retry_info::delay(status.details()).map_or(verdict, Verdict::RetryAfter),
    })
}

enum Pushback {
    After(Duration),
    Never,
}

/// gRPC proposal A6: a value that is negative or no number asks for no further attempt.
fn pushback(status: &Status) -> Option<Pushback> {
    let value = status.metadata().get("grpc-retry-pushback-ms")?;
    let wait = value.to_str().ok().and_then(|text| text.parse().ok());
    Some(wait.map_or(Pushback::Never, |ms| {
        Pushback::After(Duration::from_millis(ms))
    }))
}
