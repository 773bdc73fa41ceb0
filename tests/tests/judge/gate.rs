//! Under the gate an `Ok` that `judge` wants retried is no result: proved *not applied*, the action may run
//! again; without proof it is in doubt.

use std::slice::from_ref;
use std::sync::Arc;

use retry_core::choice::JudgedBy;
use retry_core::testing::{Script, no_wait};
use retry_core::{Classify, Judgement, Retry, RetryPolicy, retry_api};
use retry_effects::store::{Filter, Status};
use retry_effects::{Effect, EffectStore, InMemoryEffectStore, OnDoubt, Probe};
use retry_tests::{block_on, sendable};

use super::{Fault, Outcome, Reply, Server, by_status, server};

type Store = Arc<InMemoryEffectStore>;

/// A way to make the call.
type Way<'a> = &'a dyn Fn(&Store, &Server) -> Outcome;

type Judge = fn(&Result<Reply, Judged>) -> Judgement;

fn store() -> Store {
    Arc::new(InMemoryEffectStore::new())
}

/// The status of the only record.
fn status(store: &Store) -> Option<Status> {
    let records = block_on(store.list(&Filter::default())).expect("in memory");
    records.first().map(|record| record.status)
}

#[retry_api(idempotent = true, key(order), skip(server), store = store, judge = by_status)]
async fn charge(store: &Store, server: &Server, order: u32) -> Outcome {
    let _ = order;
    server.next()
}

#[retry_api(idempotent = true, key(order), skip(server), store = store, judge = by_status)]
fn charge_sync(store: &Store, server: &Server, order: u32) -> Outcome {
    let _ = order;
    server.next()
}

/// Makes the call three ways, each on a store of its own, and returns what all of them did.
fn all_ways(statuses: &[Outcome]) -> (Outcome, u32, Option<Status>) {
    let _no_wait = no_wait();
    let ways: [Way<'_>; 4] = [
        &|store, server| block_on(sendable(charge(store, server, 1))),
        &|store, server| charge_sync(store, server, 1),
        &|store, server| {
            effect(store)
                .run(|| server.next().map_err(Judged))
                .map_err(|it| it.0)
        },
        &|store, server| {
            let attempt = || async { server.next().map_err(Judged) };
            block_on(effect(store).run_async(attempt)).map_err(|it| it.0)
        },
    ];
    let seen = ways.map(|call| {
        let (store, server) = (store(), Script::new(statuses.iter().cloned()));
        let outcome = match call(&store, &server) {
            Err(Fault::Other(text)) => {
                assert!(text.contains("in doubt"), "{text}");
                Err(Fault::Other("in doubt".to_owned()))
            }
            outcome => outcome,
        };
        (outcome, server.attempts(), status(&store))
    });
    assert!(seen.windows(2).all(|two| two[0] == two[1]), "{seen:?}");
    seen[0].clone()
}

/// An [`Effect`] needs an error that judges itself; `judge` decides all the same.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Judged(Fault);

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Classify for Judged {
    fn classify(&self) -> Judgement {
        Judgement::stop().not_applied()
    }
}

impl From<retry_effects::EffectError> for Judged {
    fn from(error: retry_effects::EffectError) -> Self {
        Self(error.into())
    }
}

fn by_status_of(outcome: &Result<Reply, Judged>) -> Judgement {
    match outcome {
        Ok(reply) => by_status(&Ok(*reply)),
        Err(error) => by_status(&Err(error.0.clone())),
    }
}

fn effect(store: &Store) -> Effect<JudgedBy<Judge>> {
    let judge: Judge = by_status_of;
    Effect::new("charge", &1)
        .store(store)
        .retry(Retry::new(RetryPolicy::new(4)).judge(judge))
}

#[test]
fn what_is_proved_not_applied_runs_again() {
    let outcomes = [Ok(Reply(429)), Ok(Reply(429)), Ok(Reply(200))];
    let done = (Ok(Reply(200)), 3, Some(Status::Success));
    assert_eq!(all_ways(&outcomes), done);
    // Attempts run out: the action is free, and the caller sees the value.
    let outcomes = [429, 429, 429, 429].map(|status| Ok(Reply(status)));
    assert_eq!(
        all_ways(&outcomes),
        (Ok(Reply(429)), 4, Some(Status::Released))
    );
}

#[test]
fn what_is_not_proved_is_in_doubt_and_no_value_passes_for_the_result() {
    let in_doubt = Err(Fault::Other("in doubt".to_owned()));
    let seen = all_ways(&[Ok(Reply(502)), Ok(Reply(200))]);
    assert_eq!(seen, (in_doubt.clone(), 1, Some(Status::InDoubt)));
    let seen = all_ways(&[Ok(Reply(429)), Ok(Reply(503)), Ok(Reply(200))]);
    assert_eq!(seen, (in_doubt, 2, Some(Status::InDoubt)));
}

#[test]
fn errors_are_proved_by_the_judge_and_not_by_their_type() {
    let declined = Err(Fault::Declined);
    assert_eq!(
        all_ways(from_ref(&declined)),
        (declined, 1, Some(Status::Released))
    );
    // `Judged` states that nothing happened; the judge does not.
    let down = Err(Fault::Down);
    assert_eq!(all_ways(from_ref(&down)), (down, 1, Some(Status::InDoubt)));
}

#[test]
fn what_is_accepted_is_recorded_and_replayed() {
    let (store, script) = (store(), server([500]));
    for _ in 0..2 {
        assert_eq!(charge_sync(&store, &script, 1), Ok(Reply(500)));
    }
    assert_eq!(status(&store), Some(Status::Success));
}

#[retry_api(
    idempotent = true,
    key(order),
    skip(server),
    store = store,
    judge = by_status,
    replay_errors = true
)]
async fn recorded(store: &Store, server: &Server, order: u32) -> Outcome {
    let _ = order;
    server.next()
}

#[test]
fn a_final_error_by_the_judge_is_recorded() {
    let _no_wait = no_wait();
    let ways: [Way<'_>; 2] = [
        &|store, server| block_on(sendable(recorded(store, server, 1))),
        &|store, server| {
            let effect = effect(store).replay_errors();
            let outcome = effect.run(|| server.next().map_err(Judged));
            outcome.map_err(|it| it.0)
        },
    ];
    for call in ways {
        let (store, script) = (store(), Script::new([Err(Fault::Declined)]));
        for _ in 0..2 {
            assert_eq!(call(&store, &script), Err(Fault::Declined));
        }
        assert_eq!(status(&store), Some(Status::Failed));
        // `Judged` calls every error final; the judge does not.
        let (store, script) = (
            self::store(),
            Script::new([(); 4].map(|()| Err(Fault::Busy))),
        );
        assert_eq!(call(&store, &script), Err(Fault::Busy));
        assert_eq!(status(&store), Some(Status::Released));
    }
}

#[test]
fn a_second_run_that_does_no_harm_is_made() {
    let _no_wait = no_wait();
    let (store, script) = (store(), server([502, 503, 200]));
    let outcome = effect(&store)
        .in_doubt(OnDoubt::Reexecute)
        .run(|| script.next().map_err(Judged));
    assert_eq!(outcome.map_err(|it| it.0), Ok(Reply(200)));
    assert_eq!(status(&store), Some(Status::Success));
}

async fn find(server: &Server) -> Probe<Reply> {
    answer(server)
}

fn answer(server: &Server) -> Probe<Reply> {
    match server.next() {
        Ok(reply) => Probe::Applied(reply),
        Err(Fault::Declined) => Probe::NotApplied,
        Err(_) => Probe::Unknown,
    }
}

#[retry_api(
    idempotent = true,
    key(order),
    skip(server),
    store = store,
    judge = by_status,
    probe = || find(server)
)]
async fn probed(store: &Store, server: &Server, order: u32) -> Outcome {
    let _ = order;
    server.next()
}

#[test]
fn the_callee_is_queried_about_a_value_that_proves_nothing() {
    let _no_wait = no_wait();
    let (doubtful, good) = (Ok(Reply(502)), Ok(Reply(200)));
    let ways: [Way<'_>; 3] = [
        &|store, server| block_on(sendable(probed(store, server, 1))),
        &|store, server| {
            let effect = effect(store).probe(|| answer(server));
            let outcome = effect.run(|| server.next().map_err(Judged));
            outcome.map_err(|it| it.0)
        },
        &|store, server| {
            let effect = effect(store).probe(|| find(server));
            let outcome = effect.run_async(|| async { server.next().map_err(Judged) });
            block_on(outcome).map_err(|it| it.0)
        },
    ];
    // Attempts and answers of the callee, in turn. The callee's own result is not judged again.
    for (answers, expected, left) in [
        (
            vec![doubtful.clone(), doubtful.clone()],
            Some(502),
            Status::Success,
        ),
        (
            vec![doubtful.clone(), Err(Fault::Declined), good],
            Some(200),
            Status::Success,
        ),
        (vec![doubtful, Err(Fault::Down)], None, Status::InDoubt),
    ] {
        for call in ways {
            let (store, script) = (store(), Script::new(answers.iter().cloned()));
            match (call(&store, &script), expected) {
                (Ok(reply), Some(expected)) => assert_eq!(reply.0, expected),
                (Err(Fault::Other(text)), None) => assert!(text.contains("in doubt"), "{text}"),
                other => panic!("{other:?}"),
            }
            assert_eq!((status(&store), script.left()), (Some(left), 0));
        }
    }
}
