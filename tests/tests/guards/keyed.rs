//! Guards of a set, one for each key: from attributes and from the builder.

use std::io;

use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{
    AdaptiveLimiter, AdaptiveLimiters, CircuitBreaker, CircuitBreakers, CircuitState, NO_RETRY,
    Retry, RetryBudget, RetryBudgets, RetryError, retry_api,
};
use retry_tests::sendable;

use super::{SECOND, down, refused, rejection};

static HOSTS: CircuitBreakers =
    CircuitBreakers::new(CircuitBreaker::new("hosts").with_failure_threshold(2));
static TENANTS: RetryBudgets =
    RetryBudgets::new(RetryBudget::new(0.1).with_burst(1).with_floor(0)).with_capacity(2);
static ACCOUNTS: AdaptiveLimiters = AdaptiveLimiters::new(AdaptiveLimiter::new());

#[retry_api(max_attempts = 1, circuit_breaker = HOSTS.of(host))]
fn fetch(host: &str, script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[test]
fn a_host_that_is_down_rejects_its_own_calls_alone() {
    let _clock = VirtualClock::install();
    let script = down();
    let recorder = Recorder::install();
    for _ in 0..3 {
        assert!(fetch("keyed down", &script).is_err());
    }
    assert_eq!(script.attempts(), 2);
    let error = fetch("keyed down", &script).unwrap_err();
    let Some(RetryError::CircuitOpen {
        circuit,
        retry_after: Some(wait),
        ..
    }) = rejection(&error)
    else {
        panic!("{error:?}");
    };
    assert_eq!(circuit, "hosts/keyed down");
    assert!((54 * SECOND..=67 * SECOND).contains(wait));
    let text = error.to_string();
    assert!(text.starts_with("fetch was not called: circuit hosts/keyed down is open for "));
    let told = recorder.messages();
    assert!(told.iter().any(|told| {
        told.starts_with("WARN Circuit hosts/keyed down opened after 2 failures in a row")
    }));
    assert_eq!(fetch("keyed up", &Script::new([Ok(1)])).unwrap(), 1);
    assert_eq!(HOSTS.of("keyed down").state(), CircuitState::Open);
}

/// The key is made of an argument that each attempt takes a copy of; guards of all kinds, held over
/// waits.
#[retry_api(
    max_attempts = 3,
    circuit_breaker = HOSTS.of(&host),
    budget = TENANTS.of(&format!("{tenant}@{host}")),
    adaptive = ACCOUNTS.of(&tenant.to_string())
)]
async fn fetch_for(host: String, tenant: u64, script: &Script<u32, io::Error>) -> io::Result<u32> {
    let _ = (host, tenant);
    tokio::time::sleep(SECOND).await;
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_its_guards_until_it_ends() {
    let script = Script::new([Err(refused()), Ok(7)]);
    let call = tokio::spawn(sendable(async move {
        fetch_for("keyed async".to_owned(), 1, &script).await
    }));
    tokio::task::yield_now().await;
    // More keys than there is room for, while the call is under way.
    for key in 0..5 {
        drop(TENANTS.of(&format!("keyed {key}")));
    }
    let budget = TENANTS.find("1@keyed async").expect("it is in use");
    assert_eq!(call.await.expect("no panic").unwrap(), 7);
    assert!(budget.tokens() < 1e-9, "its burst has paid for the retry");
    assert_eq!(ACCOUNTS.of("1").rate(), None);
    drop(budget);
    for key in 0..2 {
        drop(TENANTS.of(&format!("keyed {key}")));
    }
    assert!(TENANTS.find("1@keyed async").is_none(), "and it is no more");
}

struct Client {
    tenant: String,
    budgets: RetryBudgets,
    script: Script<u32, io::Error>,
}

impl Client {
    #[retry_api(max_attempts = 2, budget = self.budgets.of(&self.tenant))]
    async fn spend(&mut self) -> io::Result<u32> {
        self.script.next()
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_borrows_nothing_of_the_receiver() {
    let _no_wait = no_wait();
    let mut client = Client {
        tenant: "a".to_owned(),
        budgets: RetryBudgets::new(RetryBudget::new(0.0).with_burst(1).with_floor(0)),
        script: down(),
    };
    let _ = (client.spend().await, client.spend().await);
    assert_eq!(client.script.attempts(), 3, "one retry was paid for");
}

#[test]
fn the_builder_takes_one_for_a_call() {
    let set = CircuitBreakers::new(CircuitBreaker::new("built").with_failure_threshold(1));
    let call = |key: &str| {
        Retry::new(NO_RETRY)
            .circuit_breaker(&set.of(key))
            .budget(&TENANTS.of("builder"))
            .run(|| Err::<(), _>(refused()))
            .unwrap_err()
    };
    assert!(rejection(&call("a")).is_none());
    assert!(rejection(&call("a")).is_some());
    assert!(rejection(&call("b")).is_none());
}
