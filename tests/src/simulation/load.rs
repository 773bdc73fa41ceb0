//! **B. Load under failure**: how much more a service gets to do while each attempt fails with
//! probability p.
//!
//! A hundred clients make ten calls a second each (Poisson) for ten seconds. With N retries a call
//! makes (1 − pᴺ⁺¹) ÷ (1 − p) attempts on average and succeeds with probability 1 − pᴺ⁺¹; a budget
//! of 10 % makes that 1.1 attempts at the most, and the bucket's first burst.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::Conduct;
use super::{Chance, world};

const CLIENTS: usize = 100;
/// Calls a second of all clients together.
const OFFERED: f64 = 1_000.0;
const LASTS: Duration = Duration::from_secs(10);
/// Never reached: an attempt takes no time.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The results of the calls of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Calls made.
    pub calls: f64,
    /// Attempts, as a multiple of the calls.
    pub attempts: f64,
    /// Share of the calls that succeeded.
    pub success: f64,
}

/// Returns attempts a call and the share of successes, by the formulas for `retries` retries without a budget.
#[must_use]
pub fn expected(retries: i32, p: f64) -> (f64, f64) {
    let lost = p.powi(retries + 1);
    let attempts = if p < 1.0 {
        (1.0 - lost) / (1.0 - p)
    } else {
        f64::from(retries + 1)
    };
    (attempts, 1.0 - lost)
}

/// One run in which each attempt fails with probability `p`.
#[must_use]
pub fn run(conduct: Conduct, p: f64, seed: u64) -> Load {
    world::run(seed, async move {
        let clients = conduct.clients(CLIENTS);
        let service = Rc::new(Service::new(p, seed));
        let mut chance = Chance::seeded(!seed);
        let mut calls = JoinSet::new();
        let mut next = Instant::now() + chance.until_next(OFFERED);
        let end = Instant::now() + LASTS;
        while next < end {
            sleep_until(next).await;
            let client = Rc::clone(&clients[chance.below(CLIENTS)]);
            let service = Rc::clone(&service);
            calls.spawn_local(async move {
                let call = client.call(TIMEOUT, async || service.serve());
                call.await.is_ok()
            });
            next += chance.until_next(OFFERED);
        }
        let made = f64::from(u32::try_from(calls.len()).unwrap_or(u32::MAX));
        let succeeded = calls.join_all().await.into_iter().filter(|ok| *ok).count();
        Load {
            calls: made,
            attempts: f64::from(service.attempts.get()) / made,
            success: f64::from(u32::try_from(succeeded).unwrap_or(u32::MAX)) / made,
        }
    })
}

/// A service that fails at random.
struct Service {
    p: f64,
    attempts: Cell<u32>,
    chance: RefCell<Chance>,
}

impl Service {
    fn new(p: f64, seed: u64) -> Self {
        Self {
            p,
            attempts: Cell::new(0),
            chance: RefCell::new(Chance::seeded(seed)),
        }
    }

    fn serve(&self) -> Result<(), String> {
        self.attempts.set(self.attempts.get() + 1);
        if self.chance.borrow_mut().happens(self.p) {
            return Err("connection reset".to_owned());
        }
        Ok(())
    }
}
