//! `probe`: all its forms, and what each answer comes to.

use std::cell::Cell;
use std::io;

use retry_core::testing::{Script, no_wait};
use retry_core::{CircuitBreaker, CircuitState, NO_RETRY, Retry, retry_api};
use retry_effects::{Effect, EffectError, Probe};
use retry_tests::sendable;

use super::{Store, gate_error, store, timed_out};

/// The other side: what became of the effect, by question.
struct Bank {
    store: Store,
    script: Script<u32, io::Error>,
    words: Script<u32, Option<()>>,
}

impl Bank {
    /// Answers so; `Err(Some(()))` is a no, `Err(None)` no word.
    fn new<const N: usize, const M: usize>(
        outcomes: [io::Result<u32>; N],
        words: [Result<u32, Option<()>>; M],
    ) -> Self {
        Self {
            store: store(),
            script: Script::new(outcomes),
            words: Script::new(words),
        }
    }

    fn ask(&self) -> Probe<u32> {
        match self.words.next() {
            Ok(result) => Probe::Applied(result),
            Err(Some(())) => Probe::NotApplied,
            Err(None) => Probe::Unknown,
        }
    }

    fn is_over(&self) -> bool {
        self.script.left() == 0 && self.words.left() == 0
    }
}

async fn ask(bank: &Bank, order_id: &u64, note: &str) -> Probe<u32> {
    tokio::task::yield_now().await;
    assert_eq!((*order_id, note), (1, "n"));
    bank.ask()
}

fn ask_sync(bank: &Bank, order_id: &u64, note: &str) -> Probe<u32> {
    assert_eq!((*order_id, note), (1, "n"));
    bank.ask()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = ask,
)]
async fn by_path(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = ask_sync,
)]
fn by_path_sync(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = |bank, order_id, note| ask(bank, order_id, note),
)]
async fn with_arguments(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = |bank, order_id, note| ask_sync(bank, order_id, note),
)]
fn with_arguments_sync(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = async move |bank: &&Bank, &id: &u64, note: &&str| { ask(bank, &id, note).await },
)]
async fn with_types(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = move |bank: &&Bank, &id: &u64, note: &&str| -> Probe<u32> { ask_sync(bank, &id, note) },
)]
fn with_types_sync(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = || ask(bank, &order_id, note),
)]
async fn by_capture(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = || bank.ask(),
)]
fn by_capture_sync(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = || async { if order_id == 0 { return Probe::Unknown; } bank.ask() },
)]
async fn async_block(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = || { if order_id == 0 { return Probe::Unknown; } ask_sync(bank, &order_id, note) },
)]
fn async_block_sync(bank: &Bank, order_id: u64, note: &str) -> io::Result<u32> {
    let _ = (order_id, note);
    bank.script.next()
}

/// Two attempts of unknown effect: the first had none, the second had.
fn no_then_yes() -> Bank {
    let outcomes = [Err(timed_out()), Err(timed_out())];
    Bank::new(outcomes, [Err(Some(())), Ok(9)])
}

#[tokio::test(start_paused = true)]
async fn forms() -> io::Result<()> {
    macro_rules! check {
        ($($call:ident)*) => {$(
            let bank = no_then_yes();
            for _ in 0..2 {
                assert_eq!(sendable($call(&bank, 1, "n")).await?, 9);
            }
            assert!(bank.is_over(), stringify!($call));
        )*};
    }
    check!(by_path with_arguments with_types by_capture async_block);
    Ok(())
}

#[test]
fn forms_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    for call in [
        by_path_sync,
        with_arguments_sync,
        with_types_sync,
        by_capture_sync,
        async_block_sync,
    ] {
        let bank = no_then_yes();
        for _ in 0..2 {
            assert_eq!(call(&bank, 1, "n")?, 9);
        }
        assert!(bank.is_over());
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn no_word_ends_in_doubt_and_the_next_call_asks_first() -> io::Result<()> {
    let outcomes = [Err(timed_out()), Ok(7)];
    let bank = Bank::new(outcomes, [Err(None), Err(None), Err(Some(()))]);
    let ended = by_path(&bank, 1, "n").await;
    assert_eq!(
        ended.map_err(|error| error.kind()),
        Err(io::ErrorKind::TimedOut)
    );
    let refused = gate_error(by_path(&bank, 1, "n").await);
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
    assert_eq!(bank.script.left(), 1);
    for _ in 0..2 {
        assert_eq!(by_path(&bank, 1, "n").await?, 7);
    }
    assert!(bank.is_over());
    Ok(())
}

#[test]
fn what_an_earlier_call_did_is_asked_about_and_recorded() -> io::Result<()> {
    let _no_wait = no_wait();
    let bank = Bank::new([Err(timed_out())], [Err(None), Ok(9)]);
    assert!(by_capture_sync(&bank, 1, "n").is_err());
    for _ in 0..2 {
        assert_eq!(by_capture_sync(&bank, 1, "n")?, 9);
    }
    assert!(bank.is_over());
    Ok(())
}

struct Client {
    bank: Bank,
    runs: u32,
}

impl Client {
    #[retry_api(
        idempotent = true,
        name = "pay",
        store = &self.bank.store,
        probe = |order_id| self.ask(order_id),
        timeout = "1s",
        max_attempts = 2,
    )]
    async fn pay(&mut self, order_id: u64) -> io::Result<u32> {
        self.runs += 1;
        if self.runs == 1 {
            std::future::pending::<()>().await;
        }
        let _ = order_id;
        self.bank.script.next()
    }

    async fn ask(&self, order_id: &u64) -> Probe<u32> {
        assert_eq!(*order_id, 1);
        self.bank.ask()
    }

    #[retry_api(
        idempotent = true,
        name = "pay in time",
        store = &self.bank.store,
        probe = || async { self.bank.ask() },
        max_total_time = "1s",
    )]
    async fn pay_in_time(&mut self, order_id: u64) -> io::Result<u32> {
        self.runs += 1;
        let _ = order_id;
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_a_limit_cut_is_asked_about() -> io::Result<()> {
    let bank = Bank::new([Ok(7)], [Err(Some(()))]);
    let mut client = Client { bank, runs: 0 };
    assert_eq!(sendable(client.pay(1)).await?, 7);
    assert_eq!(client.runs, 2);
    let bank = Bank::new([], [Ok(9)]);
    let mut client = Client { bank, runs: 0 };
    for _ in 0..2 {
        assert_eq!(sendable(client.pay_in_time(1)).await?, 9);
    }
    assert_eq!(client.runs, 1);
    Ok(())
}

#[retry_api(idempotent = true, skip(bank, asked), store = &bank.store, probe = |_, asked| {
    asked.set(true);
    panic!("expected")
})]
fn panics(bank: &Bank, asked: &Cell<bool>) -> io::Result<u32> {
    bank.script.next()
}

#[test]
fn a_panic_is_no_word() {
    let bank = Bank::new([Err(timed_out())], []);
    let asked = Cell::new(false);
    let ended = panics(&bank, &asked);
    assert_eq!(
        ended.map_err(|error| error.kind()),
        Err(io::ErrorKind::TimedOut)
    );
    assert!(asked.get());
}

static LOSSY: CircuitBreaker = CircuitBreaker::new("lossy").with_failure_threshold(1);
static LOSSY_SYNC: CircuitBreaker = CircuitBreaker::new("lossy, sync").with_failure_threshold(1);
static LOSSY_BY_HAND: CircuitBreaker =
    CircuitBreaker::new("lossy, by hand").with_failure_threshold(1);

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    circuit_breaker = &LOSSY,
    timeout = "1s",
    probe = || async { bank.ask() },
)]
async fn guarded(bank: &Bank, order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    std::future::pending().await
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    circuit_breaker = &LOSSY_SYNC,
    probe = || bank.ask(),
)]
fn guarded_sync(bank: &Bank, order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    bank.script.next()
}

/// The answer was lost: the circuit hears of a failure, whatever the probe finds.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_a_probe_rescued_has_failed_for_its_circuit() -> io::Result<()> {
    assert_eq!(sendable(guarded(&Bank::new([], [Ok(9)]), 1)).await?, 9);
    assert_eq!(LOSSY.state(), CircuitState::Open);
    let bank = Bank::new([Err(timed_out())], [Ok(9)]);
    assert_eq!(guarded_sync(&bank, 1)?, 9);
    assert_eq!(LOSSY_SYNC.state(), CircuitState::Open);
    let by_hand = Effect::new("charge", &1)
        .store(&bank.store)
        .retry(Retry::new(NO_RETRY).circuit_breaker(&LOSSY_BY_HAND))
        .probe(|| Probe::Applied(9))
        .run(|| Err(timed_out()));
    assert_eq!(by_hand?, 9);
    assert_eq!(LOSSY_BY_HAND.state(), CircuitState::Open);
    Ok(())
}
