//! `kill -9` of a process, at every point of a gated call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use retry_core::{NO_RETRY, Retry};
use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, Outcome, Probe};
use tokio::runtime::Runtime;

use super::failure::Failure;
use super::kill_at::KillAt;
use super::place::Place;
use super::place::driver::Driver;
use super::point::{Point, Policy, Standing};
use super::recovery::{Task, id};
use super::site::Site;
use super::worker::{self, Worker};
use super::{on_each_store, runtime, short_or_full};

/// Of what dies. On a machine that has much else to do a claim may take long, and one that took
/// longer than its lease does not run.
const LEASE: Duration = Duration::from_millis(1_500);

/// Of what dies in a transaction. Its lease is ended by the test; until then it may wait for the file's lock.
const LONG_LEASE: Duration = Duration::from_secs(120);

/// Processes that live and die side by side, on the same store.
const LANES: u64 = 4;

/// The number of calls that a worker completes before the call in which it dies.
const BEFORE: u64 = 2;

on_each_store!(a_process_that_dies_at_any_point_leaves_what_the_rules_say);

fn a_process_that_dies_at_any_point_leaves_what_the_rules_say(site: &Site) {
    let place = site.open();
    kill(site, &place, &cases(&place), short_or_full(150, 7_500));
}

/// With each driver that may write the transaction: those of sqlx are built with `libraries`.
#[test]
fn a_transaction_of_any_driver_that_dies_is_all_or_nothing() {
    let mut sites: Vec<(Site, &[Driver])> = vec![(Site::sqlite(), &[Driver::Statement])];
    if cfg!(feature = "libraries") {
        sites.push((Site::sqlite(), &[Driver::Sqlx, Driver::Transaction]));
    }
    #[cfg(feature = "postgres")]
    if let Some(site) = Site::postgres() {
        sites.push((site, &[Driver::Statement]));
    }
    #[cfg(all(feature = "postgres", feature = "libraries"))]
    if let Some(site) = Site::postgres() {
        use Driver::{Sqlx, Sqlx08, Transaction, Transaction08};
        sites.push((site, &[Sqlx, Sqlx08, Transaction, Transaction08]));
    }
    for (mut site, drivers) in sites {
        for (index, driver) in drivers.iter().enumerate() {
            site = site.by(*driver);
            let place = site.open();
            let mut cases = cases(&place);
            cases.retain(|(at, point, policy)| {
                let is_seen = driver.shows_record() || *point != Point::BeforeCommit;
                // In the short form each point by one policy, another one with each driver.
                let turn = (at + index + *policy as usize) % Policy::ALL.len();
                let takes_turn = turn == 0 || short_or_full(0, 1) == 1;
                point.is_in_transaction() && is_seen && takes_turn
            });
            // Actions of their own: those of the driver before have ended.
            let kills = cases.len() as u64 * short_or_full(1, 50);
            kill_from(index as u64 * 10_000, &site, &place, &cases, kills);
        }
    }
}

/// Kills so many processes, in the cases by turns.
fn kill(site: &Site, place: &Place, cases: &[(usize, Point, Policy)], kills: u64) {
    kill_from(0, site, place, cases, kills);
}

/// The same with actions from a number on.
fn kill_from(first: u64, site: &Site, place: &Place, cases: &[(usize, Point, Policy)], kills: u64) {
    let next = AtomicU64::new(0);
    let stood: Vec<Standing> = thread::scope(|scope| {
        let lane = || {
            let runtime = runtime();
            let mut stood = Vec::new();
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= kills {
                    return stood;
                }
                let (index, point, policy) = cases[turn as usize % cases.len()];
                let case = Case {
                    kill: first + turn,
                    index,
                    point,
                    policy,
                };
                stood.push(case.run(site, place, &runtime));
            }
        };
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        let stood = lanes.into_iter().map(|lane| lane.join().expect("a lane"));
        stood.flatten().collect()
    });
    let count = |standing| stood.iter().filter(|stood| **stood == standing).count();
    println!(
        "kill at a point, {}, transactions by {}: {} kills at {} points x policies, {} in doubt, {} free, \
         {} done, duplicates: 0",
        site.kind(),
        place.driver(),
        stood.len(),
        cases.len(),
        count(Standing::InDoubt),
        count(Standing::Free),
        count(Standing::Done),
    );
}

/// Every point of every policy that the store comes to.
fn cases(place: &Place) -> Vec<(usize, Point, Policy)> {
    let points = Point::ALL.into_iter().enumerate();
    let points = points.filter(|(_, point)| place.has_transactions() || !point.is_in_transaction());
    let cases = points.flat_map(|(index, point)| {
        let policies = Policy::ALL.into_iter();
        let policies = policies.filter(move |policy| point.is_of(*policy));
        policies.map(move |policy| (index, point, policy))
    });
    cases.collect()
}

struct Case {
    kill: u64,
    /// Of the point.
    index: usize,
    point: Point,
    policy: Policy,
}

impl Case {
    fn run(&self, site: &Site, place: &Place, runtime: &Runtime) -> Standing {
        let number = self.kill * (BEFORE + 1);
        let doomed = number + BEFORE;
        let policy = self.policy as u64;
        if self.point.takes_over() {
            runtime.block_on(leave_in_doubt(
                place,
                doomed,
                self.point == Point::ProbeFirst,
            ));
        }
        let numbers = [number, self.index as u64, policy];
        let mut worker = Worker::start("kill::child_dies", site, &numbers);
        worker.dies();
        runtime.block_on(async {
            place.outlast(worker.id()).await;
            place.end_lease(id(doomed)).await;
        });
        if self.kill.is_multiple_of(2) {
            let task = task(doomed, self.point, self.policy);
            runtime.block_on(place.recover(task, Some(self.point.leaves())));
        } else {
            Worker::start("kill::child_recovers", site, &numbers).ends();
        }
        for earlier in number..doomed {
            let task = task(earlier, Point::BodyBegun, self.policy);
            runtime.block_on(place.recover(task, Some((Standing::Done, 1))));
        }
        self.point.leaves().0
    }
}

/// An owner that is not sure itself.
async fn leave_in_doubt(place: &Place, number: u64, has_happened: bool) {
    let task = task(number, Point::BodyBegun, Policy::Halt);
    if has_happened {
        let effect = task.effect(&place.store);
        let body = || async {
            place.callee.act(number);
            Err::<String, _>(Failure::NoAnswer)
        };
        effect.run_async(body).await.expect_err("no answer");
        return;
    }
    let request = ClaimRequest::new(task.id(), "act");
    let Ok(Claim::Won(token)) = place.store.pending(&request).await else {
        panic!("it is free");
    };
    let in_doubt = Outcome::in_doubt(None);
    place.store.complete(&token, in_doubt).await.expect("told");
}

fn task(number: u64, point: Point, policy: Policy) -> Task {
    Task {
        number,
        policy,
        in_transaction: point.is_in_transaction(),
    }
}

#[test]
fn child_recovers() {
    let Some([number, point, policy]) = worker::task() else {
        return;
    };
    let (point, policy) = (Point::ALL[point as usize], Policy::ALL[policy as usize]);
    let task = task(number + BEFORE, point, policy);
    runtime().block_on(worker::place().recover(task, Some(point.leaves())));
}

#[test]
fn child_dies() {
    let Some([number, point, policy]) = worker::task() else {
        return;
    };
    let (point, policy) = (Point::ALL[point as usize], Policy::ALL[policy as usize]);
    let place = worker::place();
    for earlier in number..number + BEFORE {
        let task = task(earlier, Point::BodyBegun, policy);
        runtime().block_on(place.call(task)).unwrap();
    }
    let task = task(number + BEFORE, point, policy);
    // A renewal may come before the body has acted, or after.
    let is_renewal = matches!(point, Point::BeforeRenew | Point::AfterRenew);
    let is_armed = Arc::new(AtomicBool::new(!is_renewal));
    let store: Arc<dyn EffectStore> = Arc::new(KillAt {
        inner: place.store.clone(),
        doomed: id(task.number),
        at: point.step(),
        is_armed: is_armed.clone(),
    });
    let doomed = Doomed {
        place,
        point,
        task,
        store,
        is_armed,
    };
    // Sync and async calls come to the same points.
    let outcome = if number.is_multiple_of(2) {
        doomed.call()
    } else {
        runtime().block_on(doomed.call_async())
    };
    panic!("it has outlived {point:?} of {task:?}: {outcome:?}");
}

/// A call that does not end.
struct Doomed {
    place: Place,
    point: Point,
    task: Task,
    store: Arc<dyn EffectStore>,
    is_armed: Arc<AtomicBool>,
}

impl Doomed {
    fn call(&self) -> Result<String, Failure> {
        let effect = self.task.effect(&self.store).lease(self.lease());
        let effect = effect.retry(retry().on_retry(|_| self.between()));
        let body = || runtime().block_on(self.body());
        if self.task.policy == Policy::Probe {
            effect.probe(|| self.ask()).run(body)
        } else {
            effect.run(body)
        }
    }

    async fn call_async(&self) -> Result<String, Failure> {
        let effect = self.task.effect(&self.store).lease(self.lease());
        let effect = effect.retry(retry().on_retry(|_| self.between()));
        if self.task.policy == Policy::Probe {
            let ask = || async { self.ask() };
            effect.probe(ask).run_async(|| self.body()).await
        } else {
            effect.run_async(|| self.body()).await
        }
    }

    fn lease(&self) -> Duration {
        if self.point.is_in_transaction() {
            LONG_LEASE
        } else {
            LEASE
        }
    }

    async fn body(&self) -> Result<String, Failure> {
        match self.point {
            Point::BodyBegun => worker::die(),
            Point::Backoff | Point::BeforeRelease | Point::AfterRelease => {
                return Err(Failure::Refused);
            }
            Point::ProbeOfNothing => return Err(Failure::NoAnswer),
            _ => {}
        }
        let at = |moment| {
            if self.point.moment() == Some(moment) {
                worker::die();
            }
        };
        let nonce = self.place.act(self.task, at).await?;
        match self.point {
            Point::Happened => worker::die(),
            Point::ProbeOfOwn => Err(Failure::NoAnswer),
            // The lease's keeper dies, and all with it.
            Point::BeforeRenew | Point::AfterRenew => {
                self.is_armed.store(true, Ordering::SeqCst);
                loop {
                    thread::park();
                }
            }
            _ => Ok(nonce),
        }
    }

    fn between(&self) {
        if self.point == Point::Backoff {
            worker::die();
        }
    }

    fn ask(&self) -> Probe<String> {
        worker::die()
    }
}

fn retry() -> Retry {
    Retry::new(NO_RETRY.with_max_attempts(2).with_backoff_ms(1))
}
