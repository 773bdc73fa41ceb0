//! Counts and lists by status, and the lower edge of pending fences.

use std::collections::BTreeSet;
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, DEFAULT_LEASE, Filter, Payload, Status};
use retry_effects::{ActionId, EffectStore, Outcome, PostgresEffectStore, Token};
use tokio_postgres::Client;

use super::bench::{Bench, id, success};

/// The number of fences between two raises of the edge.
const EVERY: u64 = 4096;

/// A store with one connection, whose clock the test moves, and a client.
async fn opened(bench: &Bench) -> (PostgresEffectStore, Client) {
    let clock = bench.make_clock().await;
    let options = bench.options().clock(clock).pool_size(1);
    let store = options.connect(&bench.url()).await.unwrap();
    (store, bench.client().await)
}

async fn won(store: &PostgresEffectStore, request: &ClaimRequest) -> Token {
    match store.pending(request).await.unwrap() {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

fn request(number: u64) -> ClaimRequest {
    let mut request = ClaimRequest::new(id(number), "test");
    request.keep = Duration::ZERO;
    request
}

/// Makes records of every kind; each of `rounds` has eight.
async fn populate(store: &PostgresEffectStore, rounds: u64) {
    for round in 0..rounds {
        let number = |kind: u64| 1000 * kind + round;
        won(store, &request(number(0))).await;
        for (kind, outcome) in [
            (1, success()),
            (2, Outcome::Failed(Payload::new("\"no\""))),
            (3, Outcome::in_doubt(None)),
        ] {
            let token = won(store, &request(number(kind))).await;
            store.complete(&token, outcome).await.unwrap();
        }
        let token = won(store, &request(number(4))).await;
        store.release(&token).await.unwrap();
        let mut short = request(number(5));
        short.lease = Duration::from_millis(1);
        won(store, &short).await;
        // Two that are over soon, one of them failed.
        for (kind, outcome) in [(6, success()), (7, Outcome::Failed(Payload::new("\"no\"")))] {
            let mut fleeting = request(number(kind));
            fleeting.retain = Some(Duration::from_secs(1));
            let token = won(store, &fleeting).await;
            store.complete(&token, outcome).await.unwrap();
        }
    }
}

/// Asserts that counts and lists by status agree with the list of all records; returns how many
/// there are of each status.
async fn assert_counts(store: &PostgresEffectStore) -> [usize; 5] {
    let counts = store.counts().await.unwrap();
    let all = store.list(&Filter::all()).await.unwrap();
    let mut numbers = [0; 5];
    for (number, status) in numbers.iter_mut().zip(Status::ALL) {
        let expected: Vec<_> = all
            .iter()
            .filter(|record| record.status == *status)
            .map(|record| record.id)
            .collect();
        assert_eq!(counts.of(*status), expected.len() as u64, "{status}");
        // Whole, and page by page.
        let filter = Filter::all().status(*status);
        let listed = store.list(&filter).await.unwrap();
        let listed: Vec<_> = listed.into_iter().map(|record| record.id).collect();
        assert_eq!(listed, expected, "{status}");
        let mut paged: Vec<ActionId> = Vec::new();
        loop {
            let mut filter = filter.clone().limit(3);
            filter.after = paged.last().copied();
            let page = store.list(&filter).await.unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page.into_iter().map(|record| record.id));
        }
        assert_eq!(paged, expected, "{status}");
        *number = expected.len();
    }
    numbers
}

#[tokio::test]
async fn counts_and_lists_of_each_status_agree() {
    let Some(bench) = Bench::new() else { return };
    let (store, _client) = opened(&bench).await;
    populate(&store, 10).await;
    // Some leases are over, and some retentions.
    bench.pass(Duration::from_secs(2)).await;
    assert_eq!(assert_counts(&store).await, [10, 10, 10, 10, 20]);
    bench.pass(DEFAULT_LEASE).await;
    assert_eq!(assert_counts(&store).await, [0, 10, 10, 10, 30]);
}

#[tokio::test]
async fn a_page_is_cut_where_its_results_become_too_large_and_no_record_is_skipped() {
    let Some(bench) = Bench::new() else { return };
    let (store, _client) = opened(&bench).await;
    // Nine of 3 MB, which are not compressed to nothing, and one that alone is over the limit.
    let mut expected = BTreeSet::new();
    for number in 0..10 {
        let token = won(&store, &request(number)).await;
        let length = if number == 4 { 9 << 20 } else { 3 << 20 };
        let json = format!("\"{}\"", "x".repeat(length));
        let outcome = Outcome::Success(Payload::new(json));
        store.complete(&token, outcome).await.unwrap();
        expected.insert(*id(number).as_bytes());
    }
    let records = store.list(&Filter::all()).await.unwrap();
    let found: Vec<_> = records.iter().map(|record| *record.id.as_bytes()).collect();
    assert_eq!(found, Vec::from_iter(expected));
}

/// Lets the next fence be this number.
async fn set_fence(bench: &Bench, client: &Client, next: u64) {
    let restart = format!(
        "SELECT setval('{}.effect_fence', {next}, false)",
        bench.schema()
    );
    client.batch_execute(&restart).await.unwrap();
}

async fn open_from(bench: &Bench, client: &Client) -> u64 {
    let question = format!("SELECT open_from FROM {}.effect_store", bench.schema());
    let row = client.query_one(&question, &[]).await.unwrap();
    row.get::<_, i64>(0).unsigned_abs()
}

/// Waits until the edge is raised.
async fn raised(bench: &Bench, client: &Client) -> u64 {
    for _ in 0..6000 {
        let edge = open_from(bench, client).await;
        if edge > 1 {
            return edge;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nobody raises it");
}

#[tokio::test]
async fn the_edge_passes_what_is_done_and_leaves_behind_what_takes_long() {
    let Some(bench) = Bench::new() else { return };
    let (store, client) = opened(&bench).await;
    // Records of all kinds, then one that is renewed, and one in the middle of its first lease.
    populate(&store, 3).await;
    bench.pass(DEFAULT_LEASE).await;
    let long = won(&store, &request(9000)).await;
    store.renew(&long, DEFAULT_LEASE).await.unwrap();
    let fresh = won(&store, &request(9001)).await;
    let before = assert_counts(&store).await;
    set_fence(&bench, &client, EVERY).await;
    let last = won(&store, &request(9002)).await;
    assert_eq!(last.fence().number(), EVERY);
    assert_eq!(raised(&bench, &client).await, fresh.fence().number());
    let [pending, others @ ..] = assert_counts(&store).await;
    assert_eq!((pending, &others[..]), (before[0] + 1, &before[1..]));

    // Records that the edge left behind are renewed, completed, and taken over as usual.
    store.renew(&long, DEFAULT_LEASE * 2).await.unwrap();
    bench.pass(DEFAULT_LEASE).await;
    assert_eq!(assert_counts(&store).await[0], 1);
    store.complete(&long, success()).await.unwrap();
    let doubt = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(doubt.status, Status::InDoubt);
    let mut takeover = request(1);
    takeover.takeover = Some(doubt.fence);
    let token = won(&store, &takeover).await;
    assert_eq!(assert_counts(&store).await[0], 1);
    store
        .complete(&token, Outcome::in_doubt(None))
        .await
        .unwrap();
    store.complete(&token, success()).await.unwrap();
    store.release(&fresh).await.unwrap();
    assert_counts(&store).await;
}

/// A claim whose transaction has a fence, and is not committed, when the edge is to be raised.
#[tokio::test]
async fn the_edge_does_not_pass_a_fence_whose_record_is_not_visible_yet() {
    let Some(bench) = Bench::new() else { return };
    let (store, client) = opened(&bench).await;
    let mut slow = bench.client().await;
    let claim = slow.transaction().await.unwrap();
    let insert = format!(
        "INSERT INTO {schema}.effects (action_id, st, fence, claim_id, type, scope, lease_until, \
         lease_us, made_at, keep_ms) VALUES ($1, 0, nextval('{schema}.effect_fence'), \
         '09090909-0909-0909-0909-090909090909', 'test', '', now() + interval '1 hour', 1, now(), 0)",
        schema = bench.schema()
    );
    let action = id(1);
    set_fence(&bench, &client, 7).await;
    claim
        .execute(&insert, &[&&action.as_bytes()[..]])
        .await
        .unwrap();
    set_fence(&bench, &client, EVERY).await;
    let last = won(&store, &request(2)).await;
    let before = store.statements_sent();
    store.complete(&last, success()).await.unwrap();
    // The completion, and more than one look at who is writing.
    for turn in 0.. {
        if store.statements_sent() > before + 3 {
            break;
        }
        assert!(turn < 6000, "nobody looks");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(open_from(&bench, &client).await, 1);
    claim.commit().await.unwrap();
    assert_eq!(raised(&bench, &client).await, 7);
    assert_eq!(assert_counts(&store).await, [1, 1, 0, 0, 0]);
}
