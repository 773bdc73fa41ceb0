//! The effect's row and its record in one commit of a Postgres server: all or nothing wherever the
//! connection is cut, and however long the owner is stopped in it.

use std::time::Duration;

use retry_effects::store::Status;
use retry_effects::{Effect, EffectError, OnBusy, OnDoubt};
use retry_tests::proxy::Fault;

use super::failure::Failure;
use super::place::Moment;
use super::place::driver::Driver;
use super::point::Policy;
use super::recovery::Task;
use super::site::Site;
use super::worker::{self, Worker};
use super::{runtime, short_or_full};

/// The insert, the record, the commit.
const COMMANDS: usize = 3;

#[test]
fn a_transaction_that_is_cut_anywhere_is_all_or_nothing() {
    let Some(site) = Site::postgres() else { return };
    cut(&site, short_or_full(50, 1_000));
}

/// Each statement and the COMMIT, before and after, twice.
#[test]
fn a_transaction_of_any_driver_that_is_cut_anywhere_is_all_or_nothing() {
    use Driver::{Sqlx, Sqlx08, Statement, Transaction, Transaction08};
    let by_sqlx: &[Driver] = &[Sqlx, Sqlx08, Transaction, Transaction08];
    let by_sqlx = by_sqlx.iter().filter(|_| cfg!(feature = "libraries"));
    for driver in by_sqlx.chain(&[Statement]) {
        let Some(site) = Site::postgres() else { return };
        cut(&site.by(*driver), short_or_full(12, 240));
    }
}

fn cut(site: &Site, cuts: u64) {
    let direct = site.open();
    let mut committed = 0;
    runtime().block_on(async {
        for number in 0..cuts {
            let (proxy, address) = site.proxy();
            // Its transactions go through the proxy, its claims do not.
            let through = direct.with_transactions_at(&address);
            let passed = number as usize / 2 % COMMANDS;
            let fault = Fault::cut(number);
            let task = task(number);
            proxy.fail_after(passed, fault);
            let outcome = through.call(task).await;
            assert_eq!(proxy.faults(), 1, "{fault:?} {passed}");
            let case = format!("{fault:?} after {passed}: {outcome:?}");
            let record = direct.store.get(task.id()).await.expect("read");
            let status = record.expect("it was claimed").status;
            let rows = direct.happened(task).await;
            let is_committed = passed == COMMANDS - 1 && fault == Fault::CutAfter;
            assert_eq!(rows.len(), usize::from(is_committed), "{case}");
            if is_committed {
                // Its acknowledgement was lost; what is recorded is what the caller gets.
                assert_eq!(status, Status::Success, "{case}");
                assert_eq!(outcome.expect("replayed"), rows[0].nonce);
                committed += 1;
            } else {
                assert_eq!(status, Status::InDoubt, "{case}");
                outcome.expect_err("nobody knows");
            }
            direct.recover(task, None).await;
        }
    });
    println!(
        "transaction, postgres, by {}: {cuts} cuts in transactions, {committed} of a commit's \
         acknowledgement, all or nothing, duplicates: 0",
        direct.driver()
    );
}

/// Short, so that it is over soon, but not before a process on a busy machine has begun to act.
const LEASE: Duration = Duration::from_secs(2);

#[test]
fn an_owner_that_is_stopped_in_its_transaction_is_busy_and_commits_late() {
    let Some(site) = Site::postgres() else { return };
    let stops = short_or_full(5, 100);
    let place = site.open();
    let runtime = runtime();
    for number in 0..stops {
        let mut owner = Worker::start("transaction::child_stops", &site, &[number]);
        owner.stops();
        let task = task(number);
        runtime.block_on(async {
            // By the clock it is in doubt; it cannot be taken over while its owner commits.
            place.stands(task.id()).await;
            let taken = Effect::new("act", &number)
                .store(&place.store)
                .in_doubt(OnDoubt::Reexecute)
                .on_busy(OnBusy::Fail)
                .run_async(|| place.act(task, |_| ()))
                .await;
            let busy = matches!(taken, Err(Failure::Effect(EffectError::InProgress { .. })));
            assert!(busy, "{taken:?}");
            assert_eq!(place.happened(task).await, []);
        });
        owner.go_on();
        let told = owner.says();
        owner.ends();
        runtime.block_on(async {
            let happened = place.happened(task).await;
            assert_eq!(happened.len(), 1);
            assert_eq!(told, happened[0].nonce);
            assert_eq!(place.call(task).await.expect("it is done"), told);
            assert_eq!(place.happened(task).await, happened);
        });
    }
    println!(
        "transaction, postgres: {stops} owners stopped in it past the lease, all committed late, \
         duplicates: 0"
    );
}

#[test]
fn child_stops() {
    let Some([number]) = worker::task() else {
        return;
    };
    let (place, task) = (worker::place(), task(number));
    let stop = |moment| {
        if moment == Moment::Recorded {
            worker::stop();
        }
    };
    let effect = task.effect(&place.store).lease(LEASE);
    let nonce = runtime().block_on(effect.run_async(|| place.act(task, stop)));
    worker::say(&nonce.unwrap());
}

fn task(number: u64) -> Task {
    Task {
        number,
        policy: Policy::Halt,
        in_transaction: true,
    }
}
