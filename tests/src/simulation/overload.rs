//! **D. Metastable overload**: a service that was slow for ten seconds, and whether it comes back.
//!
//! Twenty clients make 80 calls a second together (Poisson). The service does one after the other,
//! 100 a second, but 25 a second from 60 s to 70 s. It also does what nobody waits for any more:
//! an attempt that its client gave up after 1 s stays in the queue. That is what keeps an overload
//! alive when its cause is gone (Bronson et al., "Metastable Failures in Distributed Systems",
//! `HotOS` 2021).
//!
//! A service that sheds load keeps its queue short: it answers "too many requests" as soon as an attempt
//! would wait for more than half of its timeout. Such an answer costs it a tenth of the work.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::{Client, Conduct};
use super::{Chance, world};

/// How many clients there are.
pub const CLIENTS: usize = 20;
/// Calls a second of all clients together.
pub const OFFERED: f64 = 80.0;
/// The service is slow from this second on ...
pub const SLOW_FROM: u32 = 60;
/// ... to this one.
pub const SLOW_TO: u32 = 70;
/// How long a client waits for an answer.
pub const TIMEOUT: Duration = Duration::from_secs(1);

const SERVICE_TIME: Duration = Duration::from_millis(10);
const SLOW_SERVICE_TIME: Duration = Duration::from_millis(40);
const REFUSAL_TIME: Duration = Duration::from_millis(1);
const LONGEST_QUEUE: Duration = Duration::from_millis(500);

/// The reaction of the service to a long queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Takes every attempt.
    Unbounded,
    /// Refuses an attempt that would wait too long.
    Shedding,
}

/// The counts of each second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Calls begun.
    pub calls: Vec<u32>,
    /// Calls that succeeded.
    pub goodput: Vec<u32>,
    /// Attempts that reached the service.
    pub attempts: Vec<u32>,
}

/// How long the service counts as one that works: 95 % of the calls of ten seconds.
const WINDOW: usize = 10;

impl Course {
    /// Seconds from the end of the slow phase to the first ten seconds in which 95 % of the calls
    /// succeed; `None` if there are none.
    #[must_use]
    pub fn recovery(&self) -> Option<u32> {
        let calls = self.calls.windows(WINDOW).map(|window| window.iter().sum());
        let goodput = self
            .goodput
            .windows(WINDOW)
            .map(|window| window.iter().sum());
        (0..)
            .zip(calls.zip(goodput))
            .skip(SLOW_TO as usize)
            .find(|(_, (calls, good)): &(u32, (u32, u32))| good * 100 >= calls * 95)
            .map(|(second, _)| second - SLOW_TO)
    }

    /// The share of the calls of the slow phase, and of the ten seconds after it, that failed.
    #[must_use]
    pub fn lost(&self) -> f64 {
        let disturbed = SLOW_FROM as usize..SLOW_TO as usize + WINDOW;
        let sum = |all: &[u32]| f64::from(all[disturbed.clone()].iter().sum::<u32>());
        1.0 - sum(&self.goodput) / sum(&self.calls)
    }

    fn new(seconds: u32) -> Self {
        let nothing = vec![0; seconds as usize];
        Self {
            calls: nothing.clone(),
            goodput: nothing.clone(),
            attempts: nothing,
        }
    }
}

/// One run of `seconds`.
#[must_use]
pub fn run(queue: Queue, conduct: Conduct, seconds: u32, seed: u64) -> Course {
    world::run(seed, async move {
        let service = Rc::new(Service::new(queue, seconds));
        let clients: Vec<Rc<Client>> = conduct.clients(CLIENTS);
        let mut chance = Chance::seeded(seed);
        let mut calls = JoinSet::new();
        let mut next = service.began + chance.until_next(OFFERED);
        while next < service.ends() {
            sleep_until(next).await;
            let client = Rc::clone(&clients[chance.below(CLIENTS)]);
            let service = Rc::clone(&service);
            calls.spawn_local(async move {
                service.count(|course| &mut course.calls);
                let call = client.call(TIMEOUT, || service.serve());
                if call.await.is_ok() {
                    service.count(|course| &mut course.goodput);
                }
            });
            next += chance.until_next(OFFERED);
        }
        drop(calls);
        service.course.borrow().clone()
    })
}

/// A service with one queue, first in, first out.
struct Service {
    queue: Queue,
    began: Instant,
    idle_from: Cell<Instant>,
    course: RefCell<Course>,
    seconds: u32,
}

impl Service {
    fn new(queue: Queue, seconds: u32) -> Self {
        let began = Instant::now();
        Self {
            queue,
            began,
            idle_from: Cell::new(began),
            course: RefCell::new(Course::new(seconds)),
            seconds,
        }
    }

    fn ends(&self) -> Instant {
        self.began + Duration::from_secs(self.seconds.into())
    }

    /// One more in this second.
    fn count(&self, of: impl FnOnce(&mut Course) -> &mut Vec<u32>) {
        let second = self.began.elapsed().as_secs();
        let mut course = self.course.borrow_mut();
        let counted = usize::try_from(second).ok();
        if let Some(counted) = counted.and_then(|second| of(&mut course).get_mut(second)) {
            *counted += 1;
        }
    }

    /// Queues a piece of work, which is done even if the future is dropped; ready when it is done.
    async fn serve(&self) -> Result<(), String> {
        self.count(|course| &mut course.attempts);
        let now = Instant::now();
        let begins = self.idle_from.get().max(now);
        if self.queue == Queue::Shedding && begins - now > LONGEST_QUEUE {
            self.idle_from.set(begins + REFUSAL_TIME);
            return Err("too many requests".to_owned());
        }
        let slow = self.began + Duration::from_secs(SLOW_FROM.into())
            ..self.began + Duration::from_secs(SLOW_TO.into());
        let takes = if slow.contains(&begins) {
            SLOW_SERVICE_TIME
        } else {
            SERVICE_TIME
        };
        self.idle_from.set(begins + takes);
        sleep_until(begins + takes).await;
        Ok(())
    }
}
