//! `budget`: who pays from which bucket.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{RetryBudget, retry_api, retry_scheduler, retry_storage, retry_worker};
use retry_tests::sendable;

use super::{down, is_about};

const RATIO: f64 = 0.5;
const BURST: u32 = 2;

#[retry_api(budget = 0.1)]
async fn by_ratio(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_ratio_is_a_budget_of_the_operation() {
    let script = down();
    let mut attempts = Vec::new();
    for _ in 0..5 {
        let before = script.attempts();
        assert!(sendable(by_ratio(&script)).await.is_err());
        attempts.push(script.attempts() - before);
    }
    // Ten retries are in reserve, the calls earn half a one, and time more than ten.
    assert_eq!(attempts[..3], [4, 4, 4]);
    assert!(attempts.iter().sum::<u32>() <= 20);
}

#[retry_scheduler(budget(ratio = 0.5, burst = 2, floor = 0))]
fn by_list(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_scheduler(budget(ratio = RATIO, burst = BURST, floor = BURST - 2,))]
fn by_constants(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

macro_rules! by_macro {
    ($name:ident, $ratio:expr, $burst:literal) => {
        #[retry_scheduler(budget(ratio = $ratio, burst = $burst, floor = 0))]
        fn $name(script: &Script<u32, io::Error>) -> io::Result<u32> {
            script.next()
        }
    };
}
by_macro!(by_macro, 0.5, 2);

#[test]
fn a_list_says_all_of_it() {
    let _clock = VirtualClock::install();
    for call in [by_list, by_constants, by_macro] {
        let recorder = Recorder::install();
        let script = down();
        let mut attempts = Vec::new();
        for _ in 0..5 {
            let before = script.attempts();
            assert!(call(&script).is_err());
            attempts.push(script.attempts() - before);
        }
        // The burst of two; then half a retry a call: one in every second call.
        assert_eq!(attempts, [3, 1, 2, 1, 2]);
        let stopped = recorder.messages();
        let stopped = stopped.iter().find(|it| it.contains("(budget)"));
        assert!(stopped.is_some_and(|it| it.starts_with("WARN Retry stopped on attempt 1/3")));
    }
}

#[retry_worker(budget = true)]
fn by_switch(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_worker(budget)]
fn by_word(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_worker(budget())]
fn by_nothing(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[test]
fn the_defaults_are_a_tenth_and_a_burst_of_ten() {
    for call in [by_switch, by_word, by_nothing] {
        let (_no_wait, script) = (no_wait(), down());
        for _ in 0..8 {
            assert!(call(&script).is_err());
        }
        // Eight calls, ten retries of the burst, and perhaps one for the second that has passed.
        assert!(
            (18..=19).contains(&script.attempts()),
            "{}",
            script.attempts()
        );
    }
}

#[retry_worker(budget = "guards_by_name")]
fn first_of_a_name(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_worker(budget(name = "guards_by_name"))]
async fn second_of_a_name(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_name_is_shared() {
    let (_no_wait, script) = (no_wait(), down());
    for _ in 0..3 {
        assert!(first_of_a_name(&script).is_err());
        assert!(second_of_a_name(&script).await.is_err());
    }
    assert_eq!(script.attempts(), 6 + 10);
    let shared = RetryBudget::find("guards_by_name").expect("asked for by now");
    assert!(shared.tokens() < 1.0, "{}", shared.tokens());
}

static SHARED: RetryBudget = RetryBudget::new(0.0).with_burst(3).with_floor(0);

#[retry_storage(budget = SHARED)]
async fn by_static(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_storage(budget = &SHARED)]
fn by_reference(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_static_is_shared() {
    let (_no_wait, script) = (no_wait(), down());
    assert!(sendable(by_static(&script)).await.is_err());
    assert!(by_reference(&script).is_err());
    assert_eq!(script.attempts(), 1 + 3 + 1);
    assert!(is_about(SHARED.tokens(), 0.0));
}

fn of_three() -> RetryBudget {
    RetryBudget::new(0.0).with_burst(3).with_floor(0)
}

#[retry_worker(budget = budget)]
async fn by_parameter(script: &Script<u32, io::Error>, budget: &RetryBudget) -> io::Result<u32> {
    script.next()
}

#[retry_worker(budget = budgets[at])]
async fn by_place(
    script: &Script<u32, io::Error>,
    budgets: &[RetryBudget],
    at: usize,
) -> io::Result<u32> {
    script.next()
}

#[retry_worker(budget = Arc::clone(budget))]
async fn by_pointer(script: &Script<u32, io::Error>, budget: &Arc<RetryBudget>) -> io::Result<u32> {
    script.next()
}

#[retry_worker(budget = budget)]
fn by_reference_to_a_pointer(
    script: &Script<u32, io::Error>,
    budget: &Arc<RetryBudget>,
) -> io::Result<u32> {
    script.next()
}

#[retry_worker(budget = budget.clone())]
async fn by_value(script: &Script<u32, io::Error>, budget: RetryBudget) -> io::Result<u32> {
    assert!(budget.ratio() < 1.0);
    script.next()
}

#[retry_worker(budget = budget)]
async fn by_argument(script: &Script<u32, io::Error>, budget: Arc<RetryBudget>) -> io::Result<u32> {
    drop(budget);
    script.next()
}

#[retry_worker(budget = if careful { of_none() } else { of_three() })]
fn by_expression(script: &Script<u32, io::Error>, careful: bool) -> io::Result<u32> {
    script.next()
}

fn of_none() -> RetryBudget {
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    assert!(budget.withdraw());
    budget
}

#[tokio::test(start_paused = true)]
async fn an_expression_lends_one_and_may_use_the_arguments() {
    let script = down();
    let budget = Arc::new(of_three());
    assert!(sendable(by_parameter(&script, &budget)).await.is_err());
    assert!(is_about(budget.tokens(), 1.0));
    assert!(sendable(by_pointer(&script, &budget)).await.is_err());
    assert!(is_about(budget.tokens(), 0.0));
    let _no_wait = no_wait();
    assert!(by_reference_to_a_pointer(&script, &budget).is_err());
    assert_eq!(script.attempts(), 3 + 2 + 1);

    let budgets = [of_none(), of_three()];
    for (at, attempts) in [(0, 1), (1, 3)] {
        let script = down();
        assert!(sendable(by_place(&script, &budgets, at)).await.is_err());
        assert_eq!(script.attempts(), attempts);
    }
    for (careful, attempts) in [(true, 1), (false, 3)] {
        let script = down();
        assert!(by_expression(&script, careful).is_err());
        assert_eq!(script.attempts(), attempts);
    }
    let budget = of_three();
    assert!(sendable(by_value(&script, budget.clone())).await.is_err());
    assert!(is_about(budget.tokens(), 1.0));
    let budget = Arc::new(budget);
    assert!(
        sendable(by_argument(&script, budget.clone()))
            .await
            .is_err()
    );
    assert!(is_about(budget.tokens(), 0.0));
}

struct Client<T> {
    script: Script<u32, io::Error>,
    budget: RetryBudget,
    calls: Vec<T>,
}

impl<T: Clone + Send + Sync> Client<T> {
    fn new() -> Self {
        Self {
            script: down(),
            budget: of_three(),
            calls: Vec::new(),
        }
    }

    #[retry_api(budget = self.budget)]
    async fn shared(&self) -> io::Result<u32> {
        self.script.next()
    }

    #[retry_api(budget = self.budget.clone())]
    async fn exclusive(&mut self, value: T) -> io::Result<u32> {
        self.calls.push(value);
        self.script.next()
    }

    #[retry_api(budget = self.budget.clone())]
    fn exclusive_sync<const N: usize>(&mut self, value: &[T; N]) -> io::Result<u32> {
        self.calls.extend_from_slice(value);
        self.script.next()
    }
}

#[async_trait]
trait Calls {
    async fn shared(&self, key: String) -> io::Result<u32>;
    async fn exclusive(&mut self, key: String) -> io::Result<u32>;
}

#[async_trait]
impl Calls for Client<String> {
    #[retry_worker(budget = self.budget)]
    async fn shared(&self, key: String) -> io::Result<u32> {
        assert_eq!(key, "a");
        self.script.next()
    }

    #[retry_worker(budget = self.budget.clone())]
    async fn exclusive(&mut self, key: String) -> io::Result<u32> {
        self.calls.push(key);
        self.script.next()
    }
}

#[tokio::test(start_paused = true)]
async fn on_methods() {
    let mut client = Client::<u32>::new();
    assert!(sendable(client.shared()).await.is_err());
    assert_eq!(client.script.attempts(), 4);
    assert!(sendable(client.exclusive(1)).await.is_err());
    assert_eq!(client.calls, [1]);
    client.budget = of_three();
    let _no_wait = no_wait();
    assert!(client.exclusive_sync(&[2, 3]).is_err());
    assert_eq!(client.calls, [1, 2, 3, 2, 3, 2, 3, 2, 3]);

    let mut client = Client::<String>::new();
    let key = "a".to_owned();
    assert!(sendable(Calls::shared(&client, key.clone())).await.is_err());
    assert!(sendable(Calls::exclusive(&mut client, key)).await.is_err());
    assert_eq!((client.script.attempts(), client.calls.len()), (3 + 2, 2));
}

#[retry_api(budget = SHARED_BY_TIMEOUTS, timeout = "1s", max_total_time = "1h")]
async fn hangs() -> io::Result<u32> {
    std::future::pending().await
}

static SHARED_BY_TIMEOUTS: RetryBudget = RetryBudget::new(0.0).with_burst(1).with_floor(0);

#[tokio::test(start_paused = true)]
async fn with_time_limits() {
    let recorder = Recorder::install();
    let error = sendable(hangs()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let last = recorder.messages().pop().expect("told of");
    assert!(
        last.starts_with("WARN Retry stopped on attempt 2/4 for hangs (budget)"),
        "{last}"
    );
}
