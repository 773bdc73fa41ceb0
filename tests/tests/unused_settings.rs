//! Operation variables that set nothing: no operation requests them, or it lacks their guard. What a process knows of its operations is one state,
//! so each test runs in a process of its own.

use std::io;

use retry_core::testing::{Recorder, Script, VirtualClock};
use retry_core::{CircuitBreaker, Retry, RetrySettings, retry_api, retry_storage};
use retry_tests::alone;

#[retry_api]
fn charge(script: &Script<(), &'static str>) -> Result<(), &'static str> {
    script.next()
}

#[retry_storage(max_attempts = limit)]
fn load_task(limit: u32, script: &Script<(), &'static str>) -> Result<(), &'static str> {
    script.next()
}

#[retry_storage(budget = 0.5)]
fn store_task(script: &Script<(), &'static str>) -> Result<(), &'static str> {
    script.next()
}

fn settings(variables: &[&str]) -> RetrySettings {
    let variables = variables.iter().map(|name| (*name, "3"));
    RetrySettings::from_vars(variables).expect("good settings")
}

fn succeeding() -> Script<(), &'static str> {
    Script::new(std::iter::repeat_n(Ok(()), 100))
}

fn failing() -> Script<(), &'static str> {
    Script::new(std::iter::repeat_n(Err("busy"), 100))
}

fn warnings(recorder: &Recorder) -> Vec<String> {
    let mut messages = recorder.messages();
    messages.retain(|message| message.contains("RETRY__"));
    messages
}

const MISTYPED: &str = "WARN No operation uses RETRY__OP__CHRAGE__MAX_ATTEMPTS, \
                        RETRY__OP__CHRAGE__MAX_WAIT: is CHARGE meant?";

#[test]
fn a_mistyped_name_is_warned_of_once() {
    if !alone("a_mistyped_name_is_warned_of_once", &[]) {
        return;
    }
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let mistyped = [
        "RETRY__OP__CHRAGE__MAX_ATTEMPTS",
        "RETRY__OP__CHRAGE__MAX_WAIT",
    ];
    let settings = settings(&[
        mistyped[0],
        mistyped[1],
        "RETRY__OP__LOAD_TASK__MAX_ATTEMPTS",
    ]);
    settings.clone().install();
    assert_eq!(warnings(&recorder), [""; 0], "nothing has run yet");
    // A call that succeeds at once makes its operation known too.
    for _ in 0..3 {
        charge(&succeeding()).expect("a success");
        let _ = charge(&failing());
        let _ = load_task(9, &failing());
        let _ = store_task(&succeeding());
    }
    assert_eq!(warnings(&recorder), [MISTYPED]);
    assert_eq!(settings.unused(), mistyped);
    // Installed once more, it is known already.
    settings.clone().install();
    let _ = charge(&failing());
    assert_eq!(warnings(&recorder), [MISTYPED]);
}

#[test]
fn the_environments_variables_are_looked_at_too() {
    let variables = [
        ("RETRY__OP__CHRAGE__MAX_ATTEMPTS", "2"),
        ("RETRY__OP__CHRAGE__MAX_WAIT", "2"),
    ];
    if !alone("the_environments_variables_are_looked_at_too", &variables) {
        return;
    }
    let recorder = Recorder::install();
    let _ = charge(&succeeding());
    assert_eq!(warnings(&recorder), [MISTYPED]);
}

#[test]
fn settings_that_come_later_are_held_against_what_has_run() {
    if !alone(
        "settings_that_come_later_are_held_against_what_has_run",
        &[],
    ) {
        return;
    }
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let _ = charge(&failing());
    settings(&[
        "RETRY__OP__CHRAGE__MAX_ATTEMPTS",
        "RETRY__OP__CHRAGE__MAX_WAIT",
    ])
    .install();
    assert_eq!(warnings(&recorder), [MISTYPED]);
}

#[test]
fn an_operation_that_has_not_run_yet_is_no_alarm() {
    if !alone("an_operation_that_has_not_run_yet_is_no_alarm", &[]) {
        return;
    }
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let settings = settings(&[
        "RETRY__OP__STORE_TASK__BUDGET_BURST",
        "RETRY__OP__LOAD_TASK__MAX_ATTEMPTS",
        "RETRY__OP__CHARGE__MAX_ATTEMPTS",
        "RETRY__OP__SEND_MAIL__MAX_ATTEMPTS",
        "RETRY__API_MAX_ATTEMPTS",
    ]);
    settings.clone().install();
    assert_eq!(
        settings.unused(),
        [
            "RETRY__OP__CHARGE__MAX_ATTEMPTS",
            "RETRY__OP__LOAD_TASK__MAX_ATTEMPTS",
            "RETRY__OP__SEND_MAIL__MAX_ATTEMPTS",
            "RETRY__OP__STORE_TASK__BUDGET_BURST",
        ]
    );
    let _ = charge(&succeeding());
    let _ = load_task(4, &failing());
    let _ = store_task(&succeeding());
    // Calls without an attribute have no variables.
    let by_hand = Retry::new(retry_core::NO_RETRY).name("send_mail");
    let _ = by_hand.run(|| Err::<(), _>("busy"));
    assert_eq!(settings.unused(), ["RETRY__OP__SEND_MAIL__MAX_ATTEMPTS"]);
    assert_eq!(warnings(&recorder), [""; 0]);
}

static SHARED: CircuitBreaker = CircuitBreaker::new("bank");

#[retry_api(circuit_breaker = SHARED)]
fn refund() -> io::Result<()> {
    Ok(())
}

#[retry_api(
    circuit_breaker,
    time_budget = "30s",
    hedge(after = "95ms", safe = true)
)]
async fn look_up() -> io::Result<()> {
    Ok(())
}

/// A variable sets values of a guard, and makes none but a budget.
#[test]
fn a_guard_that_the_operation_lacks_is_warned_of_once() {
    if !alone("a_guard_that_the_operation_lacks_is_warned_of_once", &[]) {
        return;
    }
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let unused = [
        "RETRY__OP__CHARGE__BUDGET_BURST",
        "RETRY__OP__CHARGE__CIRCUIT_FAILURE_THRESHOLD",
        "RETRY__OP__CHARGE__CIRCUIT_WINDOW",
        "RETRY__OP__CHARGE__HEDGE_AFTER",
        "RETRY__OP__CHARGE__TIME_BUDGET",
        // Its breaker has the values that its code gives.
        "RETRY__OP__REFUND__CIRCUIT_WINDOW",
    ];
    let used = [
        "RETRY__OP__CHARGE__MAX_ATTEMPTS",
        "RETRY__OP__LOOK_UP__CIRCUIT_WINDOW",
        "RETRY__OP__LOOK_UP__HEDGE_AFTER",
        "RETRY__OP__LOOK_UP__TIME_BUDGET",
        "RETRY__OP__STORE_TASK__BUDGET_BURST",
    ];
    let settings = settings(&[&unused[..], &used].concat());
    settings.clone().install();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    for _ in 0..2 {
        charge(&succeeding()).expect("a success");
        refund().expect("a success");
        runtime.block_on(look_up()).expect("a success");
        store_task(&succeeding()).expect("a success");
    }
    assert_eq!(settings.unused(), unused);
    let lacks = |variables: &[&str], operation: &str, argument: &str| {
        format!(
            "WARN Nothing uses {}: the attribute of {operation} requests no `{argument}` of its own",
            variables.join(", ")
        )
    };
    assert_eq!(
        warnings(&recorder),
        [
            lacks(&unused[..1], "CHARGE", "budget"),
            lacks(&unused[1..3], "CHARGE", "circuit_breaker"),
            lacks(&unused[4..5], "CHARGE", "time_budget"),
            lacks(&unused[3..4], "CHARGE", "hedge"),
            lacks(&unused[5..], "REFUND", "circuit_breaker"),
        ]
    );
}

#[test]
fn a_budget_that_settings_make_has_its_variables() {
    if !alone("a_budget_that_settings_make_has_its_variables", &[]) {
        return;
    }
    let variables = [
        ("RETRY__OP__CHARGE__BUDGET", "0.5"),
        ("RETRY__OP__CHARGE__BUDGET_BURST", "3"),
    ];
    let settings = RetrySettings::from_vars(variables).expect("good settings");
    settings.clone().install();
    charge(&succeeding()).expect("a success");
    assert_eq!(settings.unused(), [""; 0]);
}

/// A subscriber that calls the very operation that is warned of finds nothing held.
#[test]
fn a_subscriber_may_call_what_it_hears_of() {
    struct Calling;

    impl tracing::Subscriber for Calling {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.is_event() && metadata.target() == "retry"
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {
            charge(&succeeding()).expect("a success");
            let _ = settings(&["RETRY__OP__CHRAGE__MAX_ATTEMPTS"]).unused();
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    if !alone("a_subscriber_may_call_what_it_hears_of", &[]) {
        return;
    }
    settings(&["RETRY__OP__CHRAGE__MAX_ATTEMPTS"]).install();
    tracing::subscriber::with_default(Calling, || {
        charge(&succeeding()).expect("a success");
    });
}
