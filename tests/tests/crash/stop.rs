//! An owner that is stopped (SIGSTOP) past its lease and goes on later (SIGCONT).

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use retry_effects::store::{Settlement, Status};
use retry_effects::{EffectError, Fence, Record};
use tokio::runtime::Runtime;

use super::failure::Failure;
use super::place::Place;
use super::point::{Policy, Standing};
use super::recovery::{Task, payload};
use super::site::Site;
use super::worker::{self, Worker};
use super::{on_each_store, runtime, short_or_full};

const LEASE: Duration = Duration::from_secs(1);

const LANES: u64 = 4;

/// The event while the owner is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// Another caller takes the action over, and ends.
    TakenOver,
    /// Another caller takes it over, and is at it while the owner goes on.
    BeingTakenOver,
    /// A person says that it has happened.
    SettledSuccess,
    /// A person says that it has not, and another caller runs it.
    SettledNotApplied,
}

impl Meanwhile {
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::TakenOver,
        Self::BeingTakenOver,
        Self::SettledSuccess,
        Self::SettledNotApplied,
    ];
}

on_each_store!(an_owner_that_was_stopped_completes_late_or_not_at_all);

fn an_owner_that_was_stopped_completes_late_or_not_at_all(site: &Site) {
    let stops = short_or_full(20, 1_000);
    let place = site.open();
    let next = AtomicU64::new(0);
    let accepted: u64 = thread::scope(|scope| {
        let lane = || {
            let runtime = runtime();
            let mut accepted = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= stops {
                    return accepted;
                }
                let stop = Stop::numbered(number, place.clone());
                accepted += u64::from(stop.run(site, &runtime));
            }
        };
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        lanes
            .into_iter()
            .map(|lane| lane.join().expect("a lane"))
            .sum()
    });
    println!(
        "stop, {}: {stops} stops past the lease, {accepted} late completions accepted, {} turned \
         away, duplicates: 0",
        site.kind(),
        stops - accepted
    );
}

struct Stop {
    task: Task,
    meanwhile: Meanwhile,
    /// Whether it stops after it has acted.
    has_acted: bool,
    place: Place,
}

impl Stop {
    fn numbered(number: u64, place: Place) -> Self {
        let meanwhile = Meanwhile::ALL[number as usize % 5];
        let policy = match meanwhile {
            Meanwhile::Nothing if number.is_multiple_of(2) => Policy::Halt,
            Meanwhile::SettledSuccess => Policy::Halt,
            // Two callers may act at the same time here, so the callee must know the action.
            _ => Policy::Reexecute,
        };
        Self {
            task: Task {
                number,
                policy,
                in_transaction: false,
            },
            meanwhile,
            has_acted: (number / 5).is_multiple_of(2),
            place,
        }
    }

    /// Says whether the late completion was accepted.
    fn run(&self, site: &Site, runtime: &Runtime) -> bool {
        let task = self.task;
        let numbers = [task.number, task.policy as u64, u64::from(self.has_acted)];
        let mut owner = Worker::start("stop::child_stops", site, &numbers);
        let fence: u64 = owner.says().parse().expect("its fence");
        owner.stops();
        // A renewal may have been stopped inside its commit: it keeps the file's lock, and all wait.
        while site.is_locked() {
            owner.stops_later();
        }
        runtime.block_on(async {
            let (standing, record) = self.place.stands(task.id()).await;
            assert_eq!(standing, Standing::InDoubt, "{:?}", self.meanwhile);
            let record = record.expect("it is in doubt");
            assert_eq!(record.fence.number(), fence);
            assert!(!record.applied);
            let told = self.meanwhile(&record, &mut owner).await;
            let before = self.record().await;
            if self.meanwhile != Meanwhile::BeingTakenOver {
                owner.go_on();
            }
            let outcome = owner.says();
            let is_accepted = self.meanwhile == Meanwhile::Nothing;
            self.judge(told, &outcome, before, fence).await;
            owner.ends();
            is_accepted
        })
    }

    /// Does the work of the others while the owner is stopped. Returns the action's result, where there is one.
    async fn meanwhile(&self, record: &Record, owner: &mut Worker) -> Option<String> {
        let Place { store, callee, .. } = &self.place;
        let number = self.task.number;
        let id = self.task.id();
        match self.meanwhile {
            Meanwhile::Nothing => None,
            Meanwhile::TakenOver => Some(self.place.call(self.task).await.expect("taken over")),
            Meanwhile::BeingTakenOver => {
                let effect = self.task.effect(&self.place.store);
                let owner = std::cell::RefCell::new(owner);
                let body = || async {
                    let nonce = callee.act_once(number)?;
                    owner.borrow_mut().go_on();
                    let outcome = owner.borrow_mut().says();
                    assert_eq!(outcome, self.turned_away());
                    Ok::<_, Failure>(nonce)
                };
                let told = effect.run_async(body).await.expect("taken over");
                Some(told)
            }
            Meanwhile::SettledSuccess => {
                let settlement = Settlement::Success(payload("settled"));
                store
                    .settle(id, record.fence, settlement)
                    .await
                    .expect("settled");
                Some("settled".to_owned())
            }
            Meanwhile::SettledNotApplied => {
                let settlement = Settlement::NotApplied;
                store
                    .settle(id, record.fence, settlement)
                    .await
                    .expect("settled");
                Some(self.place.call(self.task).await.expect("it is free"))
            }
        }
    }

    async fn judge(&self, told: Option<String>, outcome: &str, before: Record, fence: u64) {
        let case = format!("{:?}, acted: {}", self.meanwhile, self.has_acted);
        let after = self.record().await;
        let happened = self.place.happened(self.task).await;
        assert_eq!(happened.len(), 1, "{case}");
        let Some(told) = told else {
            assert_eq!(outcome, happened[0].nonce, "{case}");
            assert_eq!(
                (after.status, after.fence),
                (Status::Success, Fence::new(fence))
            );
            return;
        };
        assert_eq!(outcome, self.turned_away(), "{case}");
        assert_eq!(before, after, "{case}: a late owner has changed the record");
        if self.meanwhile != Meanwhile::SettledSuccess {
            assert_eq!(told, happened[0].nonce, "{case}");
        }
        assert_eq!(
            self.place.call(self.task).await.expect("it is done"),
            told,
            "{case}"
        );
        let now = self.place.happened(self.task).await;
        assert_eq!(now, happened, "{case}");
    }

    /// Returns the outcome for a late owner: from the callee, where that knows of a newer owner, else from
    /// the store. A person's settlement of the owner's own claim is the owner's result.
    fn turned_away(&self) -> &'static str {
        match self.meanwhile {
            Meanwhile::SettledSuccess => "settled",
            _ if self.has_acted => "LeaseLost",
            _ => "Refused",
        }
    }

    async fn record(&self) -> Record {
        let record = self.place.store.get(self.task.id()).await;
        record.expect("it can be read").expect("it is there")
    }
}

#[test]
fn child_stops() {
    let Some([number, policy, has_acted]) = worker::task() else {
        return;
    };
    let place = worker::place();
    let policy = Policy::ALL[policy as usize];
    let task = Task {
        number,
        policy,
        in_transaction: false,
    };
    let body = async || {
        let early = match has_acted {
            1 => Some(place.act(task, |_| ()).await?),
            _ => None,
        };
        let fence = retry_effects::current_action().unwrap().fence();
        worker::say(&fence.to_string());
        worker::stop();
        match early {
            Some(nonce) => Ok(nonce),
            None => place.act(task, |_| ()).await,
        }
    };
    let effect = task.effect(&place.store).lease(LEASE);
    let outcome = if number.is_multiple_of(3) {
        effect.run(|| runtime().block_on(body()))
    } else {
        runtime().block_on(effect.run_async(body))
    };
    let outcome = match outcome {
        Ok(nonce) => nonce,
        Err(Failure::Effect(EffectError::LeaseLost { .. })) => "LeaseLost".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    // For the caller that may be at it, and for the test.
    worker::say(&outcome);
    worker::say(&outcome);
}
