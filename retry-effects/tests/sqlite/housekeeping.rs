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

/// As if many claims had come and gone meanwhile, and so many that looking for it among them takes long.
#[test]
fn a_claim_that_stays_while_many_others_come_and_go_is_as_it_was() {
    let bench = Bench::new();
    let store = bench.open();
    let tokens = [1, 2, 3, 4].map(|number| won(&store, id(number)));
    bench
        .raw()
        .execute_batch("UPDATE effect_store SET fence = fence + 100000")
        .unwrap();
    // A sweep is among them.
    for number in 100..200 {
        let token = won(&store, id(number));
        wait(store.complete(&token, success("1"))).unwrap();
    }
    let status = "SELECT status, count(*) FROM effects WHERE status <> 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let set_aside: (i64, i64) = bench.raw().query_row(status, [], read).unwrap();
    assert_eq!(set_aside, (5, 4));
    let pending = Filter::all().status(Status::Pending);
    assert_eq!(listed(&store, &pending), [Status::Pending; 4]);
    wait(store.complete(&tokens[0], success("\"late\""))).unwrap();
    assert_eq!(result(&store, id(1)).as_deref(), Some("\"late\""));
    wait(store.release(&tokens[1])).unwrap();
    wait(store.renew(&tokens[2], 2 * MINUTE)).unwrap();
    let refused = ClaimRequest::new(id(2), "other");
    assert!(matches!(
        wait(store.pending(&refused)).unwrap(),
        Claim::Won(_)
    ));
    bench.advance(MINUTE);
    assert_eq!(listed(&store, &pending), [Status::Pending]);
    let counts = wait(store.counts()).unwrap();
    assert_eq!(
        (counts.pending, counts.success, counts.in_doubt),
        (1, 101, 2)
    );
    let mut takeover = ClaimRequest::new(id(4), "test");
    takeover.takeover = Some(tokens[3].fence());
    assert!(matches!(
        wait(store.pending(&takeover)).unwrap(),
        Claim::Won(_)
    ));
    assert_eq!(wait(store.counts()).unwrap().pending, 2);
}

/// Whatever changes the number of records in a status.
#[test]
fn the_counts_are_those_of_the_list() {
    let bench = Bench::new();
    let store = bench.open();
    let check = || {
        let mut tally = retry_effects::store::Counts::default();
        for record in wait(store.list(&Filter::all())).unwrap() {
            tally.add(record.status);
        }
        assert_eq!(wait(store.counts()).unwrap(), tally);
        for &status in Status::ALL {
            let listed = listed(&store, &Filter::all().status(status));
            assert_eq!(u64::try_from(listed.len()).unwrap(), tally.of(status));
        }
        tally
    };
    let mut tokens = Vec::new();
    for number in 0..70 {
        let mut request = ClaimRequest::new(id(number), "test");
        request.keep = Duration::ZERO;
        request.retain = (number % 7 == 0).then_some(MINUTE);
        let Claim::Won(token) = wait(store.pending(&request)).unwrap() else {
            panic!("not won");
        };
        tokens.push(token);
    }
    assert_eq!(check().pending, 70);
    for (number, token) in tokens.iter().enumerate() {
        match number % 5 {
            0 => wait(store.complete(token, success("1"))).unwrap(),
            1 => drop(wait(store.release(token)).unwrap()),
            2 => wait(store.complete(token, Outcome::Failed(Payload::new("1")))).unwrap(),
            3 => wait(store.complete(token, Outcome::in_doubt(None))).unwrap(),
            _ => {}
        }
        check();
    }
    bench.advance(2 * MINUTE);
    // Those with a retention are over, and not removed.
    let counts = check();
    assert_eq!(
        (counts.success, counts.released, counts.failed),
        (12, 12, 12)
    );
    assert_eq!((counts.pending, counts.in_doubt), (0, 28));
    // Claimed again: a released one, one that is over, and one in doubt.
    won(&store, id(1));
    won(&store, id(0));
    let mut takeover = ClaimRequest::new(id(3), "test");
    takeover.takeover = Some(tokens[3].fence());
    assert!(matches!(
        wait(store.pending(&takeover)).unwrap(),
        Claim::Won(_)
    ));
    assert_eq!(check().pending, 3);
    for number in 100..170 {
        won(&store, id(number));
    }
    check();
    wait(store.purge(Duration::ZERO)).unwrap();
    let counts = check();
    assert_eq!((counts.success, counts.released, counts.failed), (0, 0, 0));
    assert_eq!((counts.pending, counts.in_doubt), (73, 27));
}
