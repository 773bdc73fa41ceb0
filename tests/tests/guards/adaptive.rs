//! `adaptive`: attempts that wait once the other side says that there are too many.

use std::sync::Arc;
use std::time::Duration;

use retry_core::testing::{Script, VirtualClock};
use retry_core::{AdaptiveLimiter, retry_api, retry_worker};
use retry_tests::sendable;
use tokio::time::Instant;

use super::SECOND;

type Throttled = Script<u32, &'static str>;

fn throttled() -> Throttled {
    Script::new((0..1_000).map(|_| Err("429 too many requests")))
}

#[retry_api(max_attempts = 1, adaptive = true)]
fn by_switch(script: &Throttled) -> Result<u32, &'static str> {
    script.next()
}

#[retry_api(max_attempts = 1, adaptive)]
fn by_word(script: &Throttled) -> Result<u32, &'static str> {
    script.next()
}

#[test]
fn the_limiter_of_an_operation_slows_its_calls_down() {
    for call in [by_switch, by_word] {
        let (clock, script) = (VirtualClock::install(), throttled());
        assert!(call(&script).is_err());
        assert_eq!(clock.slept(), []);
        for _ in 0..5 {
            assert!(call(&script).is_err());
        }
        assert!(!clock.slept().is_empty(), "attempts wait for the rate");
    }
}

#[retry_worker(max_attempts = 1, adaptive = "guards_limited")]
async fn first_of_a_name(script: &Throttled) -> Result<u32, &'static str> {
    script.next()
}

#[retry_worker(max_attempts = 1, adaptive = "guards_limited")]
async fn second_of_a_name(script: &Throttled) -> Result<u32, &'static str> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_name_is_shared() {
    let script = throttled();
    assert!(sendable(first_of_a_name(&script)).await.is_err());
    let began = Instant::now();
    for _ in 0..5 {
        assert!(sendable(second_of_a_name(&script)).await.is_err());
    }
    assert!(began.elapsed() > SECOND, "{:?}", began.elapsed());
}

static LIMITER: AdaptiveLimiter = AdaptiveLimiter::new();

#[retry_api(max_attempts = 1, adaptive = LIMITER)]
async fn by_static(script: &Throttled) -> Result<u32, &'static str> {
    script.next()
}

struct Client {
    script: Throttled,
    limiter: Arc<AdaptiveLimiter>,
}

impl Client {
    #[retry_api(max_attempts = 1, adaptive = self.limiter.clone())]
    async fn exclusive(&mut self, _key: String) -> Result<u32, &'static str> {
        self.script.next()
    }

    #[retry_api(max_attempts = 1, adaptive = self.limiter)]
    fn shared<T>(&self, _keys: &[T]) -> Result<u32, &'static str> {
        self.script.next()
    }
}

#[tokio::test(start_paused = true)]
async fn an_expression_lends_one() {
    let script = throttled();
    assert_eq!(LIMITER.rate(), None);
    assert!(sendable(by_static(&script)).await.is_err());
    assert!(LIMITER.is_throttling());

    let mut client = Client {
        script: throttled(),
        limiter: Arc::default(),
    };
    assert!(sendable(client.exclusive("a".to_owned())).await.is_err());
    assert!(client.limiter.is_throttling());
    client.limiter = Arc::default();
    assert!(client.shared(&[1, 2]).is_err());
    assert!(client.limiter.is_throttling());
}

#[retry_api(max_attempts = 1, adaptive = limiter, max_total_time = "250ms", timeout = "1s")]
async fn in_time(limiter: &AdaptiveLimiter) -> Result<(), String> {
    Err("slow down".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_bounds_the_wait() {
    let limiter = AdaptiveLimiter::new();
    let mut cut = 0;
    for _ in 0..20 {
        let began = Instant::now();
        let error = sendable(in_time(&limiter)).await.unwrap_err();
        assert!(began.elapsed() <= SECOND / 4 + Duration::from_millis(2));
        cut += u32::from(error.contains("ran out"));
    }
    assert!(cut > 0, "half an attempt a second is too slow for some");
}
