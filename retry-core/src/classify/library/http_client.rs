//! The layers of hyper, h2, hyper-util and reqwest, and of tonic's transport, by the progress of
//! the request. Recognized in any version, by the `Debug` of each layer.

use std::error::Error;

use super::head::Head;
use super::outcome::{final_unknown, misused, turned_away, unknown};
use super::{connect, http_status};
use crate::classify::chain;
use crate::classify::judgement::{Answer, Judgement};

type ErrorRef<'a> = &'a (dyn Error + 'static);

/// Returns the judgement of `error`, whose `Debug` begins with `debug`, if it is one of these layers.
pub(super) fn judge(debug: &str, error: ErrorRef<'_>) -> Option<Judgement> {
    let after = |name: &str| debug.strip_prefix(name);
    let source = error.source();
    Some(if let Some(kind) = after("reqwest::Error { kind: ") {
        judge_reqwest(Reqwest::of_debug(kind), source)
    } else if let Some(kind) = after("hyper_util::client::legacy::Error(") {
        judge_hyper_util(kind, source)
    } else if let Some(kind) = after("hyper::Error(") {
        judge_hyper(kind, source)
    } else if after("tonic::transport::Error(Transport").is_some() {
        judge_tonic(source)
    } else if after("ConnectError(\"").is_some_and(|rest| is_connector(rest, error)) {
        // hyper-util's own connector, below a client of another kind.
        connect::judge(Some(error))
    } else if let Some(reset) = after("Error { kind: Reset(StreamId(") {
        judge_reset(reset)
    } else if after("Error { kind: GoAway(b\"").is_some() {
        // A `GOAWAY` does not state which streams the server still served.
        unknown("http2_go_away")
    } else {
        return None;
    })
}

/// The texts of hyper-util's connector error.
const CONNECTOR: [&str; 7] = [
    "dns error",
    "tcp bind interface error",
    "tcp bind local error",
    "tcp connect error",
    "tcp open error",
    "tcp set_mark error",
    "tcp set_nonblocking error",
];

/// Whether one of hyper-util's texts and a cause follow, and its `Display` is that text. A type of the same
/// name that only wraps a received text has no second field.
fn is_connector(rest: &str, error: ErrorRef<'_>) -> bool {
    rest.split_once('"').is_some_and(|(text, rest)| {
        CONNECTOR.contains(&text)
            && rest.starts_with(", ")
            && Head::of_display(error).as_str() == text
    })
}

/// The kind of a `reqwest::Error`.
pub(super) enum Reqwest {
    Status(u16),
    /// `sent` is true if the error has a URL: a redirect may have led there, after a sent request.
    Builder {
        sent: bool,
    },
    Request,
    Redirect,
    Decode,
    /// The body of a request or an answer, or an upgrade.
    Body,
}

impl Reqwest {
    fn of_debug(kind: &str) -> Self {
        if let Some(status) = kind.strip_prefix("Status(") {
            let (status, _) = status.split_once(',').unwrap_or_default();
            // A status that cannot be read becomes 0, whose effect is unknown.
            return Self::Status(status.parse().unwrap_or(0));
        }
        let named = |name| kind.strip_prefix(name);
        if let Some(rest) = named("Builder") {
            Self::Builder {
                sent: rest.starts_with(", url: "),
            }
        } else if named("Request").is_some() {
            Self::Request
        } else if named("Redirect").is_some() {
            Self::Redirect
        } else if named("Decode").is_some() {
            Self::Decode
        } else {
            Self::Body
        }
    }
}

/// Returns the judgement of a `reqwest::Error` with this source.
pub(super) fn judge_reqwest(kind: Reqwest, source: Option<ErrorRef<'_>>) -> Judgement {
    let otherwise = match kind {
        Reqwest::Status(status) => return http_status::judge(status),
        Reqwest::Builder { sent: false } => return misused("invalid_request"),
        Reqwest::Builder { sent: true } => {
            return final_unknown("invalid_request").with_answer(Answer::NotAsked);
        }
        Reqwest::Redirect => return unknown("redirect"),
        // Only the next layer counts: an error of the request's body may lie further below.
        Reqwest::Request => match source.and_then(sending) {
            Some(judged) => return judged,
            None => "request",
        },
        // An answer arrived, complete or not.
        Reqwest::Decode => "decode",
        Reqwest::Body => "body",
    };
    lost(source, otherwise)
}

/// Returns the judgement of a client's layer directly below reqwest's.
fn sending(layer: ErrorRef<'_>) -> Option<Judgement> {
    let debug = Head::of_debug(layer);
    let after = |name: &str| debug.as_str().strip_prefix(name);
    after("hyper_util::client::legacy::Error(")
        .map(|kind| judge_hyper_util(kind, layer.source()))
        .or_else(|| after("hyper::Error(").map(|kind| judge_hyper(kind, layer.source())))
}

fn judge_hyper_util(kind: &str, source: Option<ErrorRef<'_>>) -> Judgement {
    if kind.starts_with("Connect") {
        connect::judge(source)
    } else if kind.starts_with("Canceled") {
        // The connection ended before it took the request, which was given back.
        turned_away("canceled")
    } else if kind.starts_with("User") {
        // The client cannot send this method, version or URI.
        misused("invalid_request")
    } else {
        http2_refusal(source).unwrap_or_else(|| lost(source, "request"))
    }
}

fn judge_hyper(kind: &str, source: Option<ErrorRef<'_>>) -> Judgement {
    if kind.starts_with("Connect") {
        // hyper 0.14, which has its own client.
        connect::judge(source)
    } else if is_unsent(kind) {
        turned_away("canceled")
    } else if kind.starts_with("Http2") {
        source
            .and_then(reset)
            .unwrap_or_else(|| lost(source, "request"))
    } else {
        lost(source, "request")
    }
}

/// Whether the connection ended before it took the request. A failed upgrade is `Canceled` too, but
/// after the answer.
fn is_unsent(kind: &str) -> bool {
    kind.strip_prefix("Canceled, ").is_some_and(|cause| {
        [
            "\"connection was not ready\"",
            "\"connection closed\"",
            "hyper::Error(",
        ]
        .iter()
        .any(|known| cause.starts_with(known))
    })
}

/// A broken transport is a failure to connect, unless the client's layer below decides.
fn judge_tonic(source: Option<ErrorRef<'_>>) -> Judgement {
    let Some(layer) = source else {
        return unknown("transport");
    };
    if Head::of_debug(layer).as_str().starts_with("ConnectError(") {
        return connect::judge(layer.source());
    }
    sending(layer).unwrap_or_else(|| lost(source, "transport"))
}

/// Returns the judgement of a stream that the server refused, if an `Http2` layer lies directly here and
/// the refusal directly below it.
fn http2_refusal(source: Option<ErrorRef<'_>>) -> Option<Judgement> {
    let layer = source?;
    let is_http2 = Head::of_debug(layer)
        .as_str()
        .starts_with("hyper::Error(Http2");
    let judged = layer.source().filter(|_| is_http2).and_then(reset)?;
    judged.is_not_applied().then_some(judged)
}

fn reset(layer: ErrorRef<'_>) -> Option<Judgement> {
    let debug = Head::of_debug(layer);
    let reset = debug
        .as_str()
        .strip_prefix("Error { kind: Reset(StreamId(")?;
    Some(judge_reset(reset))
}

/// "The `REFUSED_STREAM` error code [..] indicates that the stream is being closed prior to any
/// processing having occurred" (RFC 9113, section 8.7): true if the server sent it.
fn judge_reset(reset: &str) -> Judgement {
    match reset.split_once("), ") {
        Some((_, "REFUSED_STREAM, Remote) }")) => turned_away("refused_stream"),
        _ => unknown("http2_reset"),
    }
}

/// The request, or part of it, was sent; its answer did not arrive complete.
fn lost(source: Option<ErrorRef<'_>>, otherwise: &'static str) -> Judgement {
    if connect::has_timed_out(source) {
        return unknown("timed_out");
    }
    unknown(source.and_then(chain::kind).unwrap_or(otherwise))
}
