//! The attribute's argument: each form, sync and async.

use std::fmt::Display;

use async_trait::async_trait;
use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{
    ExecutionGuarantee, Judgement, RetryPolicy, Verdict, retry_api, retry_storage, stats,
};
use retry_tests::sendable;

use super::{Fault, HINT, Outcome, Reply, Server, by_status, server};

/// Functions of one script, each with its judge.
macro_rules! judged {
    ($($name:ident $arguments:tt;)*) => {
        $(
            #[retry_api $arguments]
            fn $name(server: &Server) -> Outcome {
                server.next()
            }
        )*
    };
}

judged! {
    path(judge = by_status);
    closure(judge = |outcome: &Outcome| by_status(outcome));
    untyped(judge = |outcome| match outcome {
        Ok(Reply(429)) => Judgement::retry_after(HINT),
        Ok(_) => Judgement::stop(),
        Err(error) => (*error == Fault::Down).into(),
    });
    call(judge = of_limit(500));
    verdict(judge = |outcome| match outcome {
        Ok(Reply(200)) | Err(Fault::Declined) => Verdict::Stop,
        _ => Verdict::Retry,
    });
    by_bool(judge = |outcome| matches!(outcome, Ok(Reply(429..)) | Err(Fault::Down)));
    thrice(judge = by_status, max_attempts = 3, on_retry = |event| assert!(event.error().is_none()));
}

/// A judge that is made once a call.
fn of_limit(limit: u16) -> impl Fn(&Outcome) -> Judgement {
    move |outcome| match outcome {
        Ok(Reply(status)) => (*status != 200 && *status <= limit).into(),
        Err(error) => (*error == Fault::Down).into(),
    }
}

#[test]
fn every_form() {
    let _no_wait = no_wait();
    for call in [path, closure, untyped, call, verdict, by_bool] {
        let script = Script::new([Err(Fault::Down), Ok(Reply(429)), Ok(Reply(200))]);
        assert_eq!(call(&script), Ok(Reply(200)));
        assert_eq!(script.left(), 0);
        let script = Script::new([Err(Fault::Down), Err(Fault::Declined)]);
        assert_eq!(call(&script), Err(Fault::Declined));
        assert_eq!(script.left(), 0);
    }
}

#[test]
fn a_value_names_the_wait_and_the_last_value_comes_back() {
    let clock = VirtualClock::install();
    assert_eq!(path(&server([429, 200])), Ok(Reply(200)));
    let slept = clock.elapsed();
    assert!((HINT..=HINT + HINT / 10).contains(&slept), "{slept:?}");

    assert_eq!(thrice(&server([502, 502, 502])), Ok(Reply(502)));
    assert_eq!(path(&server([500])), Ok(Reply(500)));
}

#[test]
fn a_refused_value_is_a_failed_attempt_of_its_kind_in_events_and_statistics() {
    #[retry_api(judge = by_status)]
    fn counted(server: &Server) -> Outcome {
        server.next()
    }
    retry_core::enable_stats();
    let (_no_wait, recorder) = (no_wait(), Recorder::install());
    assert_eq!(counted(&server([503, 429, 200])), Ok(Reply(200)));
    let messages = recorder.messages();
    assert_eq!(
        messages.last().map(String::as_str),
        Some("INFO Retry succeeded on attempt 3/4 for counted")
    );
    let refusals = messages
        .iter()
        .filter(|it| it.contains("the result was not accepted"));
    assert_eq!(refusals.count(), 2, "{messages:?}");

    let all = stats();
    let counted = all.operation("counted").expect("it ran");
    assert_eq!(
        (counted.calls, counted.attempts, counted.recovered),
        (1, 3, 1)
    );
    let mut kinds = counted.failures.clone();
    kinds.sort_unstable();
    assert_eq!(kinds, [("too_many", 1), ("unavailable", 1)]);
}

const ONCE: RetryPolicy =
    RetryPolicy::new(4).with_execution_guarantee(ExecutionGuarantee::ExactlyOnce);

#[retry_api(policy = ONCE, judge = by_status)]
fn exactly_once(server: &Server) -> Outcome {
    server.next()
}

#[test]
fn under_exactly_once_only_what_is_proved_not_applied_is_retried() {
    let _no_wait = no_wait();
    assert_eq!(exactly_once(&server([429, 429, 200])), Ok(Reply(200)));
    let script = server([429, 503, 200]);
    assert_eq!(exactly_once(&script), Ok(Reply(503)));
    assert_eq!(script.left(), 1);
}

/// No bound by `Classify` is needed: nothing but `judge` judges.
#[retry_storage(judge = Result::is_err)]
fn of_any_error<T, E: Display>(script: &Script<T, E>) -> Result<T, E> {
    script.next()
}

#[retry_storage(judge = judge)]
fn of_a_parameter<T>(
    script: &Script<T, Fault>,
    judge: impl Fn(&Result<T, Fault>) -> bool,
) -> Result<T, Fault> {
    script.next()
}

#[test]
fn of_types_that_only_the_caller_knows() {
    let _no_wait = no_wait();
    let script = Script::new([Err("a"), Ok("b")]);
    assert_eq!(of_any_error(&script), Ok("b"));
    let script = Script::new([Ok(1), Ok(2)]);
    assert_eq!(of_a_parameter(&script, |it| it == &Ok(1)), Ok(2));
}

struct Client {
    patient: bool,
    server: Server,
}

impl Client {
    fn judges(&self, outcome: &Outcome) -> Judgement {
        if self.patient {
            by_status(outcome)
        } else {
            Judgement::stop()
        }
    }

    #[retry_api(judge = |outcome| self.judges(outcome))]
    async fn ask(&mut self) -> Outcome {
        tokio::task::yield_now().await;
        self.server.next()
    }
}

#[async_trait]
trait Asks {
    async fn ask_boxed(&self, name: String) -> Outcome;
}

#[async_trait]
impl Asks for Client {
    #[retry_api(judge = |outcome| self.judges(outcome), timeout = "1s", max_total_time = "1h")]
    async fn ask_boxed(&self, name: String) -> Outcome {
        drop(name);
        self.server.next()
    }
}

#[tokio::test(start_paused = true)]
async fn async_functions_are_judged_alike_and_stay_send() {
    for (patient, expected) in [(true, 200), (false, 502)] {
        let client = || Client {
            patient,
            server: server([502, 200]),
        };
        let mut client_of_ask = client();
        assert_eq!(sendable(client_of_ask.ask()).await, Ok(Reply(expected)));
        let boxed = client();
        assert_eq!(
            sendable(boxed.ask_boxed("a".to_owned())).await,
            Ok(Reply(expected))
        );
    }
}

#[retry_api(policy = ONCE, judge = advice, timeout = "1s")]
async fn hangs(attempts: &Script<(), Fault>, advice: fn(&Outcome) -> Judgement) -> Outcome {
    let _ = attempts.next();
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn of_an_attempt_that_was_cut_only_the_advice_counts() {
    let outcomes = || Script::new([Ok(()), Ok(()), Ok(()), Ok(())]);
    let script = outcomes();
    let proved = |_: &Outcome| Judgement::retry().not_applied();
    assert!(sendable(hangs(&script, proved)).await.is_err());
    assert_eq!(script.attempts(), 1, "a cut attempt proves nothing");

    #[retry_api(judge = |_| false, timeout = "1s")]
    async fn stops(attempts: &Script<(), Fault>) -> Outcome {
        let _ = attempts.next();
        std::future::pending().await
    }
    let script = outcomes();
    assert!(sendable(stops(&script)).await.is_err());
    assert_eq!(script.attempts(), 1);
}
