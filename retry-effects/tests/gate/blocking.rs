//! Sync calls in every environment, on stores that answer at once and on stores that need a
//! runtime.

use super::odd_store::{Method, OddStore, Pace};
use super::*;
use retry_effects::OnBusy;

/// A call that runs and one that replays.
fn works(store: &Arc<OddStore>) {
    let effects = Effects::default();
    for _ in 0..2 {
        let outcome = charge(store).run(|| io::Result::Ok(effects.happen()));
        assert_eq!(outcome.expect("one"), 1);
    }
    assert_eq!(status(&**store), Some(Status::Success));
}

fn stores() -> [Arc<OddStore>; 3] {
    [Pace::AtOnce, Pace::InSteps, Pace::ByTimers].map(OddStore::new)
}

#[test]
fn outside_of_runtimes() {
    stores().iter().for_each(works);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_worker_in_block_on_and_in_spawn_blocking() {
    stores().iter().for_each(works);
    for store in stores() {
        tokio::spawn(async move { works(&store) })
            .await
            .expect("no panic");
    }
    for store in stores() {
        let blocking = tokio::task::spawn_blocking(move || works(&store));
        blocking.await.expect("no panic");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_local_set_of_a_multi_thread_runtime() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let here = tokio::task::spawn_local(async {
                stores().iter().for_each(works);
            });
            here.await.expect("no panic");
        })
        .await;
}

fn cannot_block<T: Debug>(outcome: io::Result<T>) -> bool {
    matches!(word(outcome), EffectError::CannotBlock { .. })
}

#[tokio::test]
async fn on_a_current_thread_runtime_where_nothing_is_to_be_waited_for() {
    works(&OddStore::new(Pace::AtOnce));
    works(&OddStore::new(Pace::InSteps));
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async { works(&OddStore::new(Pace::AtOnce)) })
        .await;
}

#[tokio::test]
async fn not_there_on_a_store_that_needs_a_runtime() {
    let store = OddStore::new(Pace::ByTimers);
    let outcome = charge(&store).run(|| -> io::Result<()> { unreachable!("no claim") });
    assert!(cannot_block(outcome));
    assert_eq!(status(&*store), None);
}

#[tokio::test]
async fn not_there_to_wait_for_a_running_call() {
    let store = OddStore::new(Pace::AtOnce);
    let owner = charge(&store).run_async(|| async {
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        io::Result::Ok(1)
    });
    let other = async {
        tokio::task::yield_now().await;
        let sync = || charge(&store);
        assert!(cannot_block(sync().run(|| io::Result::Ok(2))));
        // A caller that would not wait gets the error at once.
        let told = word(sync().on_busy(OnBusy::Fail).run(|| io::Result::Ok(2)));
        assert!(matches!(told, EffectError::InProgress { .. }));
    };
    let (owner, ()) = tokio::join!(owner, other);
    assert_eq!(owner.expect("it ran"), 1);
    assert_eq!(
        charge(&store).run(|| io::Result::Ok(2)).expect("a replay"),
        1
    );
}

/// A sync call joins another one, on each kind of store, from a thread and from a worker.
fn joins(store: &Arc<OddStore>) {
    let outcome = thread::scope(|scope| {
        let owner = scope.spawn(|| {
            charge(store).run(|| {
                store.wait_for(Method::Changed, 1);
                io::Result::Ok(1)
            })
        });
        store.wait_for(Method::Pending, 1);
        let joined = charge(store).run(|| -> io::Result<u32> { unreachable!("it is run") });
        assert_eq!(owner.join().expect("no panic").expect("it ran"), 1);
        joined
    });
    assert_eq!(outcome.expect("the other's"), 1);
}

#[test]
fn it_waits_for_another_outside_of_runtimes() {
    stores().iter().for_each(joins);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_waits_for_another_on_a_worker() {
    for store in stores() {
        tokio::spawn(async move { joins(&store) })
            .await
            .expect("no panic");
    }
}

/// A wake-up of the thread that is meant for other code is not lost to a call's own waits.
#[test]
fn a_wake_up_of_the_threads_own_is_given_back() {
    let store = OddStore::new(Pace::ByTimers);
    thread::current().unpark();
    works(&store);
    // Otherwise this would not return.
    thread::park();
}
