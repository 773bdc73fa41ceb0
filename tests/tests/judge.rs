//! `judge`: an attempt's whole outcome, values too, has one judgement, and all that decides sees it.

mod judge {
    mod attribute;
    mod builder;
    mod gate;
    mod guards;
    mod hedges;

    use std::fmt;
    use std::time::Duration;

    use retry_core::testing::Script;
    use retry_core::{Answer, Judgement, RetryError};
    use retry_effects::EffectError;

    /// The answer of a server.
    #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Reply(u16);

    /// An error that does not judge itself.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    enum Fault {
        Down,
        Busy,
        Declined,
        /// Of the engine or the gate.
        Other(String),
    }

    impl fmt::Display for Fault {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{self:?}")
        }
    }

    impl From<RetryError> for Fault {
        fn from(error: RetryError) -> Self {
            Self::Other(error.to_string())
        }
    }

    impl From<EffectError> for Fault {
        fn from(error: EffectError) -> Self {
            Self::Other(error.to_string())
        }
    }

    type Outcome = Result<Reply, Fault>;
    type Server = Script<Reply, Fault>;

    /// The wait that a 429 names.
    const HINT: Duration = Duration::from_secs(20);

    /// Judges answers as an HTTP client does.
    fn by_status(outcome: &Outcome) -> Judgement {
        match outcome {
            Ok(Reply(429)) => Judgement::retry_after(HINT)
                .not_applied()
                .with_kind("too_many"),
            Ok(Reply(503)) => Judgement::retry().throttle().with_kind("unavailable"),
            Ok(Reply(502)) => Judgement::retry(),
            // Final, and the server is in trouble.
            Ok(Reply(500)) => Judgement::stop().with_answer(Answer::Failing),
            // Accepted, and the server has little left to give.
            Ok(Reply(203)) => Judgement::stop().throttle(),
            Ok(_) => Judgement::stop(),
            Err(Fault::Down) => Judgement::retry().with_kind("down"),
            Err(Fault::Busy) => Judgement::retry().not_applied(),
            Err(Fault::Declined) => Judgement::stop().not_applied(),
            Err(Fault::Other(_)) => Judgement::stop(),
        }
    }

    /// A server that gives these answers.
    fn server<const N: usize>(statuses: [u16; N]) -> Server {
        Script::new(statuses.map(|status| Ok(Reply(status))))
    }
}
