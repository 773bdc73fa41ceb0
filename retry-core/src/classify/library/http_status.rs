//! The advice of an HTTP status (RFC 9110, section 15, and the IANA registry), and its proof.
//!
//! Under the gate, a status that refuses the request proves that nothing happened; one that a proxy
//! sends for a lost answer proves nothing.

use super::outcome::{declined, final_unknown, refused, turned_away, unknown};
use crate::classify::judgement::Judgement;

/// Returns the judgement on an answer with this status.
pub(super) fn judge(status: u16) -> Judgement {
    match status {
        // The request did not arrive complete (15.5.9), or a middleware cut the handler.
        408 => unknown("request_timeout"),
        // The server did not risk a replay (RFC 8470), or the request was one too many (RFC 6585).
        425 => turned_away("too_early"),
        429 => turned_away("too_many_requests").throttle(),
        401 => refused("unauthorized"),
        403 => refused("forbidden"),
        404 | 410 => refused("not_found"),
        400 | 405 | 413 | 415 | 422 => refused("client_error"),
        407 => declined("unauthorized"),
        // An earlier attempt of our own may still be running.
        409 => declined("conflict"),
        400..=499 => declined("client_error"),
        // Large model and cloud services send it when overloaded.
        529 => turned_away("unavailable").throttle(),
        // "Currently unable to handle the request" (15.6.4); proxies also send it for a connection that
        // broke after the request went out.
        503 => unknown("unavailable"),
        // The gateway cannot state whether the server behind it acted.
        502 => unknown("bad_gateway"),
        504 => unknown("gateway_timeout"),
        // Not implemented, version, negotiation, extension: the server declines, and will again.
        501 | 505 | 506 | 510 => declined("declined"),
        // Storage, a loop, network sign-in: the server does not work, declines, and will decline
        // again.
        507 | 508 | 511 => final_unknown("declined"),
        // The request failed somewhere on the way.
        500..=599 => unknown("server_error"),
        _ => unknown("unexpected_status"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::judgement::{Answer, Verdict};

    fn with(is: impl Fn(Judgement) -> bool) -> Vec<u16> {
        (100..=999).filter(|status| is(judge(*status))).collect()
    }

    #[test]
    fn every_status_has_its_advice() {
        let stop: Vec<u16> = (400..=499)
            .filter(|status| ![408, 425, 429].contains(status))
            .chain([501, 505, 506, 507, 508, 510, 511])
            .collect();
        assert_eq!(with(|it| it.verdict() == Verdict::Stop), stop);
    }

    #[test]
    fn only_a_refusal_proves_that_nothing_happened() {
        let proved = [400, 401, 403, 404, 405, 410, 413, 415, 422, 425, 429, 529];
        assert_eq!(with(|it| it.is_not_applied()), proved);
    }

    #[test]
    fn a_final_refusal_is_an_answer_of_a_server_that_works() {
        let answered: Vec<u16> = (400..=499)
            .filter(|status| ![408, 425, 429].contains(status))
            .chain([501, 505, 506, 510])
            .collect();
        assert_eq!(with(|it| it.answer() == Answer::Answered), answered);
        assert!(with(|it| it.answer() == Answer::NotAsked).is_empty());
    }
}
