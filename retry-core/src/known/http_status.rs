//! What an HTTP status says about trying again (RFC 9110, section 15, and the IANA registry).

use crate::classify::Verdict;

/// The verdict on an answer with this status, and its name.
pub(super) fn judge(status: u16) -> (Verdict, &'static str) {
    match status {
        // The request did not arrive in whole (15.5.9), was not risked (RFC 8470) or was one too
        // many (RFC 6585).
        408 => (Verdict::Retry, "request_timeout"),
        425 => (Verdict::Retry, "too_early"),
        429 => (Verdict::Retry, "too_many_requests"),
        401 | 407 => (Verdict::Stop, "unauthorized"),
        403 => (Verdict::Stop, "forbidden"),
        404 | 410 => (Verdict::Stop, "not_found"),
        400..=499 => (Verdict::Stop, "client_error"),
        // "Currently unable to handle the request" (15.6.4); 529 is what large model and cloud
        // services answer in its place when overloaded.
        503 | 529 => (Verdict::Retry, "unavailable"),
        // The gateway does not know what the server behind it did.
        502 => (Verdict::Unknown, "bad_gateway"),
        504 => (Verdict::Unknown, "gateway_timeout"),
        // Not implemented, version, negotiation, storage, loop, extension, sign-in to the network:
        // the server declined, and will again.
        501 | 505..=508 | 510 | 511 => (Verdict::Stop, "declined"),
        // It failed somewhere on the way.
        500..=599 => (Verdict::Unknown, "server_error"),
        _ => (Verdict::Unknown, "unexpected_status"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_verdict() {
        let with = |verdict| {
            (100..=999)
                .filter(|status| judge(*status).0 == verdict)
                .collect::<Vec<u16>>()
        };
        assert_eq!(with(Verdict::Retry), [408, 425, 429, 503, 529]);
        let stop: Vec<u16> = (400..=499)
            .filter(|status| ![408, 425, 429].contains(status))
            .chain([501, 505, 506, 507, 508, 510, 511])
            .collect();
        assert_eq!(with(Verdict::Stop), stop);
        assert_eq!(judge(200).0, Verdict::Unknown);
    }
}
