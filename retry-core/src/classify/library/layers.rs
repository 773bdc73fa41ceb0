//! Errors of libraries that are no dependency, or of other versions than the dependency, recognized by
//! the start of their `Debug`.
//!
//! `Debug` quotes a string error, so a text sent by another program cannot pose as a layer; in
//! `Display` it could. The rows are those of `docs/classification.md`.

use std::error::Error;

use super::head::Head;
use super::{http_client, pools, sqlite};
use crate::classify::judgement::Judgement;

/// Returns the judgement of this one layer, if it is such an error.
pub(crate) fn judgement(error: &(dyn Error + 'static)) -> Option<Judgement> {
    let debug = Head::of_debug(error);
    let begins = debug.as_str();
    let judged = http_client::judge(begins, error)
        .or_else(|| pools::judge(begins, error))
        .or_else(|| sqlite::judge_debug(begins))?;
    // A type whose `Debug` begins with its `Display` may show any received text there.
    let display = Head::of_display(error);
    let text = display.as_str();
    let is_forwarded = !text.is_empty() && begins.starts_with(text);
    (!is_forwarded && display != debug).then_some(judged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::classification::Classify;
    use crate::classify::judgement::{Answer, Verdict};
    use std::fmt;

    /// An error with this `Debug`, `Display` and source.
    struct Layer(&'static str, &'static str, Option<Box<Layer>>);

    impl fmt::Debug for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.1)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.2.as_deref().map(|source| source as _)
        }
    }

    const REFUSED: &str = "hyper_util::client::legacy::Error(Connect, ..)";

    fn below(debug: &'static str, source: Layer) -> Layer {
        Layer(debug, "", Some(Box::new(source)))
    }

    fn is_not_applied(error: Layer) -> bool {
        let boxed: Box<dyn Error> = Box::new(error);
        boxed.classify().is_not_applied()
    }

    #[test]
    fn a_debug_that_begins_with_the_display_is_no_layer() {
        const TEXT: &str = "hyper::Error(Canceled, \"connection closed\")";
        const REPORT: &str = "hyper::Error(Canceled, \"connection closed\")\n\nCaused by: nothing";
        assert!(!is_not_applied(Layer(REPORT, TEXT, None)));
    }

    #[test]
    fn a_text_in_a_type_of_a_librarys_name_is_no_layer() {
        const WAITED: &str = "timed out waiting for connection lock of order 7";
        const SENT: &str = "tcp connect error";
        assert!(!is_not_applied(Layer(
            "Error(\"timed out waiting for connection lock of order 7\")",
            WAITED,
            None
        )));
        assert!(!is_not_applied(Layer(
            "ConnectError(\"tcp connect error\")",
            SENT,
            None
        )));
    }

    /// What such an error reports happened in the middle of the work.
    #[test]
    fn a_text_that_begins_as_a_librarys_is_no_layer() {
        for (debug, display) in [
            ("Closed", "Pool has been closed while the job was running"),
            ("TimedOut", "Timed out in bb8x after the request was sent"),
            (
                "PoolTimedOut",
                "pool timed out while waiting for an open connection's answer",
            ),
            (
                "Error(None)",
                "timed out waiting for connection 7 to answer",
            ),
        ] {
            assert!(!is_not_applied(Layer(debug, display, None)), "{display}");
        }
        for (debug, display) in [
            ("Closed", "Pool has been closed"),
            ("Error(None)", "timed out waiting for connection"),
            (
                "Error(Some(\"refused\"))",
                "timed out waiting for connection: refused",
            ),
        ] {
            assert!(is_not_applied(Layer(debug, display, None)), "{display}");
        }
    }

    #[test]
    fn a_connectors_name_with_another_text_is_no_layer() {
        const LOST: &str = "ConnectError(\"tcp connection lost\", Kind(ConnectionReset))";
        const CONNECT: &str = "ConnectError(\"tcp connect error\", Kind(ConnectionReset))";
        assert!(!is_not_applied(Layer(LOST, "tcp connection lost", None)));
        assert!(!is_not_applied(Layer(CONNECT, "lost in the middle", None)));
        assert!(is_not_applied(Layer(CONNECT, "tcp connect error", None)));
    }

    #[test]
    fn a_forwarded_text_is_no_layer() {
        for text in [
            REFUSED,
            "hyper::Error(Canceled, \"connection closed\")",
            "reqwest::Error { kind: Status(400, None), url: \"http://h/\" }",
            "Error { kind: Reset(StreamId(1), REFUSED_STREAM, Remote) }",
            "SqliteFailure(Error { code: DatabaseBusy, extended_code: 5 }, None)",
            "Timeout(Wait)",
        ] {
            let as_string: Box<dyn Error> = text.into();
            assert_eq!(judgement(&*as_string), None, "{text}");
            let io = std::io::Error::other(text);
            assert!(!io.classify().is_not_applied(), "{text}");
            // A type whose `Debug` is also the plain text.
            assert_eq!(judgement(&Layer(text, text, None)), None, "{text}");
        }
        assert!(is_not_applied(Layer(
            REFUSED,
            "client error (Connect)",
            None
        )));
    }

    #[test]
    fn the_outermost_layer_decides() {
        let refused = || Layer(REFUSED, "client error (Connect)", None);
        assert!(is_not_applied(below("Wrapper(..)", refused())));
        assert!(is_not_applied(below(
            "reqwest::Error { kind: Request, ..",
            refused()
        )));
        // The body of the request came from another request, which was refused.
        for sent in [
            "hyper_util::client::legacy::Error(SendRequest, ..)",
            "hyper::Error(User(Body), ..)",
            "reqwest::Error { kind: Body, ..",
            "reqwest::Error { kind: Decode, ..",
        ] {
            assert!(!is_not_applied(below(sent, refused())), "{sent}");
            let wrapped = below("reqwest::Error { kind: Request, ..", below(sent, refused()));
            assert!(!is_not_applied(wrapped), "{sent}");
        }
        // Decided not by the next layer but by one further below.
        let far = below(
            "reqwest::Error { kind: Request, ..",
            below("Other", refused()),
        );
        assert!(!is_not_applied(far));
    }

    #[test]
    fn what_breakers_count() {
        for (debug, answer) in [
            (REFUSED, Answer::Failing),
            ("reqwest::Error { kind: Builder }", Answer::NotAsked),
            ("reqwest::Error { kind: Builder, url: \"", Answer::NotAsked),
            (
                "hyper_util::client::legacy::Error(UserUnsupportedVersion)",
                Answer::NotAsked,
            ),
            ("reqwest::Error { kind: Request, ..", Answer::Failing),
            (
                "reqwest::Error { kind: Status(404, None), ..",
                Answer::Answered,
            ),
            (
                "reqwest::Error { kind: Status(409, None), ..",
                Answer::Answered,
            ),
            (
                "reqwest::Error { kind: Status(503, None), ..",
                Answer::Failing,
            ),
        ] {
            let judged = judgement(&Layer(debug, "", None)).expect(debug);
            assert_eq!(judged.answer(), answer, "{debug}");
        }
    }

    #[test]
    fn http_2_streams() {
        let refused = "Error { kind: Reset(StreamId(3), REFUSED_STREAM, Remote) }";
        let sent = "hyper_util::client::legacy::Error(SendRequest, ..)";
        for (debug, proved) in [
            (refused, true),
            (
                "Error { kind: Reset(StreamId(3), REFUSED_STREAM, Library) }",
                false,
            ),
            ("Error { kind: Reset(StreamId(3), CANCEL, Remote) }", false),
            (
                "Error { kind: GoAway(b\"REFUSED_STREAM, Remote) }\", NO_ERROR, Remote) }",
                false,
            ),
        ] {
            let h2 = || Layer(debug, "stream error", None);
            assert_eq!(is_not_applied(h2()), proved, "{debug}");
            let hyper = || below("hyper::Error(Http2, ..)", h2());
            assert_eq!(is_not_applied(hyper()), proved, "{debug}");
            assert_eq!(is_not_applied(below(sent, hyper())), proved, "{debug}");
        }
    }

    #[test]
    fn statuses_come_from_the_number_and_not_from_the_reason() {
        let status = |debug| {
            let error: Box<dyn Error> = Box::new(Layer(debug, "", None));
            error.classify()
        };
        let conflict =
            status("reqwest::Error { kind: Status(409, Some(\"kind: Status(400, \")), ..");
        assert_eq!(conflict.verdict(), Verdict::Stop);
        assert!(!conflict.is_not_applied());
        assert!(status("reqwest::Error { kind: Status(400, None), ..").is_not_applied());
        assert!(!status("reqwest::Error { kind: Status(many, None), ..").is_not_applied());
    }
}
