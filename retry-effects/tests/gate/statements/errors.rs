//! What an error's type states, and what the function of the call states of it.

use super::*;

#[test]
fn the_errors_own_statement_is_proof_and_nothing_less_is() {
    assert_eq!(left_by(|_| Own::Declined), FREE_AT_ONCE);
    assert_eq!(left_by(|_| Own::Lost), IN_DOUBT);
    assert_eq!(left_by(|_| "declined".to_owned()), IN_DOUBT);
}

#[test]
fn a_type_in_a_box_is_proof_once_it_is_recognized() {
    #[derive(Debug)]
    struct Refused;
    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("refused")
        }
    }
    impl Error for Refused {}
    impl Classify for Refused {
        fn classify(&self) -> Judgement {
            Judgement::retry().not_applied()
        }
    }
    type Boxed = Box<dyn Error + Send + Sync>;
    let boxed = |_: &_| Boxed::from(Refused);
    assert_eq!(left_by(boxed), IN_DOUBT);
    recognize::<Refused>();
    recognize::<Refused>();
    assert_eq!(left_by(boxed), FREE_AFTER_ALL);
    // Also inside an error of unknown type.
    assert_eq!(left_by(|_| io::Error::other(Refused)), FREE_AFTER_ALL);
}

#[test]
fn the_function_may_state_what_the_error_does_not() {
    let run = |statement: fn(&String) -> bool, text: &str| {
        let (store, effects) = (store(), Effects::default());
        let retry = thrice().not_applied_if(statement).retry_if(|_| true);
        let outcome = charge(&store).retry(retry).run(|| {
            effects.happen();
            Err::<(), _>(text.to_owned())
        });
        assert!(outcome.is_err());
        (status(&*store), effects.count())
    };
    let refusals = |error: &String| error.starts_with("queue full");
    assert_eq!(run(refusals, "queue full: 7 wait"), FREE_AFTER_ALL);
    assert_eq!(run(refusals, "no answer"), IN_DOUBT);
}

#[test]
fn the_function_does_not_overrule_what_is_known() {
    let store = store();
    let retry = thrice().not_applied_if(|_: &io::Error| true);
    assert!(charge(&store).retry(retry).run(timed_out::<()>).is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[tokio::test(start_paused = true)]
async fn the_function_is_not_asked_of_an_attempt_that_was_cut() {
    let store = store();
    let retry = thrice()
        .not_applied_if(|_: &io::Error| true)
        .timeout(std::time::Duration::from_secs(1));
    let outcome = charge(&store)
        .retry(retry)
        .run_async(std::future::pending::<io::Result<()>>)
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[test]
fn the_first_unrecognized_error_is_a_warning_that_says_what_to_do() {
    let recorder = Recorder::install();
    let store = store();
    for order in [1, 2] {
        let outcome = Effect::new("warned", &order)
            .store(&store)
            .run(|| Err::<(), _>("no answer from https://bank/pay?api_key=SECRET".to_owned()));
        assert!(outcome.is_err());
    }
    let warnings: Vec<_> = recorder
        .messages()
        .into_iter()
        .filter(|message| message.contains("Not recognized"))
        .collect();
    let [warning] = &warnings[..] else {
        panic!("one for the action type: {warnings:?}");
    };
    for part in [
        "warned",
        "no answer from https://bank/pay",
        "#[derive(Classify)]",
        "not_applied_if",
        "recognize",
    ] {
        assert!(warning.contains(part), "{part}: {warning}");
    }
    assert!(!warning.contains("SECRET"), "{warning}");
    // A recognized error causes no warning.
    drop(charge(&store).run(timed_out::<()>));
    assert!(
        recorder
            .messages()
            .iter()
            .all(|it| !it.contains("charge failed"))
    );
}

#[test]
fn a_recognized_type_inside_another_error_speaks_of_one_step() {
    #[derive(Debug)]
    struct Step;
    impl std::fmt::Display for Step {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("step")
        }
    }
    impl Error for Step {}
    impl Classify for Step {
        fn classify(&self) -> Judgement {
            Judgement::stop().not_applied()
        }
    }
    recognize::<Step>();
    type Boxed = Box<dyn Error + Send + Sync>;
    assert_eq!(left_by(|_| Boxed::from(Step)), FREE_AT_ONCE);
    let beside = left_by(|_| {
        reads();
        Boxed::from(Step)
    });
    assert_eq!(beside, IN_DOUBT);
}
