//! The operator's actions on records, and records that are removed automatically.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Filter, Payload, Resolved, Settlement, Status};
use retry_effects::{EffectStore, Fence, Outcome, SqliteEffectStore, StoreError};

use crate::bench::{Bench, id, result, success, wait, won};

const MINUTE: Duration = Duration::from_secs(60);

fn listed(store: &SqliteEffectStore, filter: &Filter) -> Vec<Status> {
    let records = wait(store.list(filter)).unwrap();
    assert!(records.is_sorted_by_key(|record| record.id));
    records.iter().map(|record| record.status).collect()
}

#[test]
fn a_record_says_everything() {
    let bench = Bench::new();
    let store = bench.open();
    let mut request = ClaimRequest::new(id(1), "charge");
    request.scope = Some("tenant-7".into());
    request.input_hash = Some(retry_effects::store::InputHash::from_bytes([7; 32]));
    let Claim::Won(token) = wait(store.pending(&request)).unwrap() else {
        panic!("not won");
    };
    wait(store.renew(&token, MINUTE)).unwrap();
    let record = wait(store.get(id(1))).unwrap().unwrap();
    assert_eq!(record.status, Status::Pending);
    assert_eq!(
        (&*record.action_type, &*record.scope),
        ("charge", "tenant-7")
    );
    assert_eq!(record.fence, token.fence());
    assert_eq!(record.claim_id, Some(token.claim_id()));
    assert_eq!(record.input_hash, request.input_hash);
    assert_eq!((record.lease_left, record.renewals), (Some(MINUTE), 1));
    bench.advance(Duration::from_secs(1));
    let payload = Payload::with_format(3, "{}");
    wait(store.complete(&token, Outcome::Success(payload.clone()))).unwrap();
    let record = wait(store.get(id(1))).unwrap().unwrap();
    assert_eq!(
        (record.status, record.payload),
        (Status::Success, Some(payload))
    );
    let took = record
        .completed_at
        .unwrap()
        .duration_since(record.created_at)
        .unwrap();
    assert_eq!(took, Duration::from_secs(1));
    assert_eq!(wait(store.get(id(2))).unwrap(), None);
}

#[test]
fn lists_are_filtered_ordered_and_paged() {
    let bench = Bench::new();
    let store = bench.open();
    for number in 0..3 {
        let token = won(&store, id(number));
        wait(store.complete(&token, success("1"))).unwrap();
    }
    let doubtful = won(&store, id(3));
    wait(store.complete(&doubtful, Outcome::in_doubt(None))).unwrap();
    won(&store, id(4));
    bench.advance(MINUTE);
    won(&store, id(5));
    let all = Filter::all();
    assert_eq!(listed(&store, &all).len(), 6);
    assert_eq!(
        listed(&store, &all.clone().status(Status::InDoubt)),
        [Status::InDoubt; 2]
    );
    assert_eq!(
        listed(&store, &all.clone().status(Status::Pending)),
        [Status::Pending]
    );
    let old = all.clone().older_than(MINUTE / 2);
    assert_eq!(listed(&store, &old).len(), 5);
    let first = wait(store.list(&all.clone().limit(4))).unwrap();
    assert_eq!(first.len(), 4);
    let rest = wait(store.list(&all.clone().after(first[3].id))).unwrap();
    assert_eq!(rest.len(), 2);
    assert!(rest[0].id > first[3].id);
    assert_eq!(wait(store.counts()).unwrap().total(), 6);
}

#[test]
fn purging_spares_what_is_open_young_or_to_be_kept() {
    let bench = Bench::new();
    let store = bench.open();
    let finish = |number, keep| {
        let mut request = ClaimRequest::new(id(number), "test");
        request.keep = keep;
        let Claim::Won(token) = wait(store.pending(&request)).unwrap() else {
            panic!("not won");
        };
        wait(store.complete(&token, success("1"))).unwrap();
    };
    finish(1, Duration::ZERO);
    finish(2, 10 * MINUTE);
    let doubtful = won(&store, id(3));
    wait(store.complete(&doubtful, Outcome::applied(None))).unwrap();
    won(&store, id(4));
    bench.advance(5 * MINUTE);
    finish(5, Duration::ZERO);
    assert_eq!(wait(store.purge(MINUTE)).unwrap(), 1);
    assert_eq!(wait(store.counts()).unwrap().total(), 4);
    assert_eq!(result(&store, id(1)), None);
    assert_eq!(wait(store.purge(Duration::ZERO)).unwrap(), 1);
    bench.advance(5 * MINUTE);
    assert_eq!(wait(store.purge(Duration::ZERO)).unwrap(), 1);
    let left = listed(&store, &Filter::all());
    assert_eq!(left, [Status::InDoubt; 2]);
}

#[test]
fn a_purge_goes_through_more_than_one_page() {
    let bench = Bench::new();
    let store = bench.open();
    bench
        .raw()
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
             INSERT INTO effect_records (action_id, status, created_at, completed_at)
             SELECT i, 'success', '2020-01-01T00:00:00+00:00', '2020-01-01T00:00:00+00:00' FROM n",
        )
        .unwrap();
    assert_eq!(wait(store.purge(MINUTE)).unwrap(), 2500);
    assert_eq!(wait(store.counts()).unwrap().total(), 0);
}

#[test]
fn a_finished_record_whose_time_is_up_is_as_good_as_gone_and_then_gone() {
    let bench = Bench::new();
    let store = bench.open();
    let mut request = ClaimRequest::new(id(1), "test");
    (request.keep, request.retain) = (MINUTE, Some(2 * MINUTE));
    let Claim::Won(token) = wait(store.pending(&request)).unwrap() else {
        panic!("not won");
    };
    wait(store.complete(&token, success("1"))).unwrap();
    bench.advance(2 * MINUTE - Duration::from_secs(1));
    won(&store, id(2));
    assert_eq!(result(&store, id(1)).as_deref(), Some("1"));
    bench.advance(Duration::from_secs(1));
    assert!(matches!(
        wait(store.resolve(id(1))).unwrap(),
        Resolved::Free
    ));
    assert_eq!(wait(store.get(id(1))).unwrap(), None);
    assert_eq!(wait(store.counts()).unwrap().total(), 1);
    let rows = || -> i64 {
        let count = "SELECT count(*) FROM effect_records";
        bench.raw().query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows(), 2);
    // Later writes remove it, too, if not at once.
    let other = won(&store, id(3));
    for _ in 0..100 {
        wait(store.renew(&other, MINUTE)).unwrap();
    }
    assert_eq!(rows(), 2);
    assert!(won(&store, id(1)).fence() > token.fence());
}

#[test]
fn an_open_record_does_not_go_by_itself() {
    let bench = Bench::new();
    let store = bench.open();
    let mut request = ClaimRequest::new(id(1), "test");
    (request.keep, request.retain) = (Duration::ZERO, Some(Duration::ZERO));
    let Claim::Won(token) = wait(store.pending(&request)).unwrap() else {
        panic!("not won");
    };
    bench.advance(100 * MINUTE);
    won(&store, id(2));
    assert_eq!(
        wait(store.get(id(1))).unwrap().unwrap().status,
        Status::InDoubt
    );
    // Settled as a success, replaced, and read by nobody's leave: it passes the guards.
    wait(store.settle(id(1), token.fence(), Settlement::NotApplied)).unwrap();
    assert_eq!(wait(store.get(id(1))).unwrap(), None);
}

#[test]
fn a_settlement_passes_the_guards_also_over_a_success() {
    let bench = Bench::new();
    let store = bench.open();
    let token = won(&store, id(1));
    wait(store.complete(&token, success("\"old\""))).unwrap();
    let word = Settlement::Success(Payload::new("\"new\""));
    wait(store.settle(id(1), token.fence(), word.clone())).unwrap();
    assert_eq!(result(&store, id(1)).as_deref(), Some("\"new\""));
    let stale = wait(store.settle(id(1), Fence::NONE, word.clone()));
    assert!(
        matches!(stale, Err(StoreError::Changed { .. })),
        "{stale:?}"
    );
    let missing = wait(store.settle(id(2), Fence::NONE, word));
    assert!(matches!(missing, Err(StoreError::NotFound)), "{missing:?}");
}

#[test]
fn a_superseded_owner_changes_nothing() {
    let bench = Bench::new();
    let (one, other) = (bench.open(), bench.open());
    let late = won(&one, id(1));
    bench.advance(MINUTE);
    let mut takeover = ClaimRequest::new(id(1), "test");
    takeover.takeover = Some(late.fence());
    let Claim::Won(newer) = wait(other.pending(&takeover)).unwrap() else {
        panic!("not taken over");
    };
    assert!(newer.fence() > late.fence());
    let lost = |answer: Result<(), StoreError>| matches!(answer, Err(StoreError::LeaseLost { .. }));
    assert!(lost(wait(one.complete(&late, success("1")))));
    assert!(lost(wait(one.renew(&late, MINUTE))));
    assert!(lost(wait(one.release(&late)).map(drop)));
    wait(other.complete(&newer, success("2"))).unwrap();
    assert_eq!(result(&one, id(1)).as_deref(), Some("2"));
}
