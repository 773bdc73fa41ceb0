//! The layers of hyper, h2, hyper-util and reqwest, and of tonic's transport: how far a request had
//! come. Any version, by the `Debug` of each layer.

use std::error::Error;

use super::head::Head;
use super::outcome::{final_unknown, misused, turned_away, unknown};
use super::{connect, http_status};
use crate::classify::chain;
use crate::classify::judgement::{Answer, Judgement};

type Layer<'a> = &'a (dyn Error + 'static);

/// The judgement of `error`, whose `Debug` begins so, if it is one of these layers.
pub(super) fn judge(debug: &str, error: Layer<'_>) -> Option<Judgement> {
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
    } else if after("ConnectError(\"").is_some_and(has_cause) {
        // hyper-util's own connector, below a client of another kind.
        connect::judge(Some(error))
    } else if let Some(reset) = after("Error { kind: Reset(StreamId(") {
        judge_reset(reset)
    } else if after("Error { kind: GoAway(b\"").is_some() {
        // Which streams the server has still served is not in it.
        unknown("http2_go_away")
    } else {
        return None;
    })
}

/// Whether a text of hyper-util's connector and its cause follow: a type of the same name around a text
/// that was sent has no second field.
fn has_cause(rest: &str) -> bool {
    rest.split_once('"').is_some_and(|(text, rest)| {
        (text.starts_with("tcp ") || text.starts_with("dns ")) && rest.starts_with(", ")
    })
}

/// What a `reqwest::Error` is about.
pub(super) enum Reqwest {
    Status(u16),
    /// `sent` where it has a URL: a redirect may have led there.
    Builder {
        sent: bool,
    },
    Request,
    Redirect,
    Decode,
    /// The body of request or answer, or an upgrade.
    Body,
}

impl Reqwest {
    fn of_debug(kind: &str) -> Self {
        if let Some(status) = kind.strip_prefix("Status(") {
            let (status, _) = status.split_once(',').unwrap_or_default();
            // None of the registry: nothing is known of it.
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

/// The judgement of a `reqwest::Error` with this source.
pub(super) fn judge_reqwest(kind: Reqwest, source: Option<Layer<'_>>) -> Judgement {
    let otherwise = match kind {
        Reqwest::Status(status) => return http_status::judge(status),
        Reqwest::Builder { sent: false } => return misused("invalid_request"),
        Reqwest::Builder { sent: true } => {
            return final_unknown("invalid_request").with_answer(Answer::NotAsked);
        }
        Reqwest::Redirect => return unknown("redirect"),
        // Only the layer that follows: further below may lie an error of the request's body.
        Reqwest::Request => match source.and_then(sending) {
            Some(judged) => return judged,
            None => "request",
        },
        // An answer came, whole or not.
        Reqwest::Decode => "decode",
        Reqwest::Body => "body",
    };
    lost(source, otherwise)
}

/// The judgement of a client's layer right below reqwest's.
fn sending(layer: Layer<'_>) -> Option<Judgement> {
    let debug = Head::of_debug(layer);
    let after = |name: &str| debug.as_str().strip_prefix(name);
    after("hyper_util::client::legacy::Error(")
        .map(|kind| judge_hyper_util(kind, layer.source()))
        .or_else(|| after("hyper::Error(").map(|kind| judge_hyper(kind, layer.source())))
}

fn judge_hyper_util(kind: &str, source: Option<Layer<'_>>) -> Judgement {
    if kind.starts_with("Connect") {
        connect::judge(source)
    } else if kind.starts_with("Canceled") {
        // The connection ended before it took the request: it was given back.
        turned_away("canceled")
    } else if kind.starts_with("User") {
        // A method, version or URI that the client does not send.
        misused("invalid_request")
    } else {
        http2_refusal(source).unwrap_or_else(|| lost(source, "request"))
    }
}

fn judge_hyper(kind: &str, source: Option<Layer<'_>>) -> Judgement {
    if kind.starts_with("Connect") {
        // hyper 0.14, which has a client of its own.
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

/// Whether the connection was gone before it took the request. An upgrade that did not come about
/// is `Canceled` too, after the answer.
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

/// A transport that broke is a failure to connect, or the client's layer below decides.
fn judge_tonic(source: Option<Layer<'_>>) -> Judgement {
    let Some(layer) = source else {
        return unknown("transport");
    };
    if Head::of_debug(layer).as_str().starts_with("ConnectError(") {
        return connect::judge(layer.source());
    }
    sending(layer).unwrap_or_else(|| lost(source, "transport"))
}

/// A stream that the server has refused, right below an `Http2` layer that lies right here.
fn http2_refusal(source: Option<Layer<'_>>) -> Option<Judgement> {
    let layer = source?;
    let is_http2 = Head::of_debug(layer)
        .as_str()
        .starts_with("hyper::Error(Http2");
    let judged = layer.source().filter(|_| is_http2).and_then(reset)?;
    judged.is_not_applied().then_some(judged)
}

fn reset(layer: Layer<'_>) -> Option<Judgement> {
    let debug = Head::of_debug(layer);
    let reset = debug
        .as_str()
        .strip_prefix("Error { kind: Reset(StreamId(")?;
    Some(judge_reset(reset))
}

/// "The `REFUSED_STREAM` error code [..] indicates that the stream is being closed prior to any
/// processing having occurred" (RFC 9113, section 8.7): true of a server that says so.
fn judge_reset(reset: &str) -> Judgement {
    match reset.split_once("), ") {
        Some((_, "REFUSED_STREAM, Remote) }")) => turned_away("refused_stream"),
        _ => unknown("http2_reset"),
    }
}

/// The request, or a part of it, was sent; its answer did not come in whole.
fn lost(source: Option<Layer<'_>>, otherwise: &'static str) -> Judgement {
    if connect::has_timed_out(source) {
        return unknown("timed_out");
    }
    unknown(source.and_then(chain::kind).unwrap_or(otherwise))
}
