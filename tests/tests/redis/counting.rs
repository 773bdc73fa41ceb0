//! Counts and lists, and the ids by which the server finds what they need.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Counts, Filter, Payload, Status};
use retry_effects::{
    ActionId, EffectStore, Fence, Outcome, RedisEffectStore, Token, compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::place::{TestClock, store};

fn id(number: u64) -> ActionId {
    compute_action_id("counted", &number, "").expect("a number has a JSON form")
}

async fn won(store: &RedisEffectStore, request: &ClaimRequest) -> Token {
    match store.pending(request).await {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

async fn act(store: &RedisEffectStore, number: u64, outcome: Outcome) {
    let mut request = ClaimRequest::new(id(number), "counted");
    request.keep = Duration::ZERO;
    let token = won(store, &request).await;
    store.complete(&token, outcome).await.expect("a completion");
}

fn success() -> Outcome {
    Outcome::Success(Payload::new("1"))
}

/// Returns the number of times that the server has run a command.
fn runs(server: &ThrowawayRedis, command: &str) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let start = format!("cmdstat_{command}:calls=");
    let found = stats.lines().find_map(|line| line.strip_prefix(&start));
    let count = found.and_then(|rest| rest.split(',').next()?.parse().ok());
    count.unwrap_or(0)
}

/// Returns the keys under a prefix that are no record, by what follows the tag, and no fence.
fn lists(server: &ThrowawayRedis, prefix: &str) -> Vec<String> {
    let keys = server.command(&["KEYS", &format!("{{{prefix}:*")]);
    let names = keys.lines().filter_map(|key| key.rsplit_once("}:"));
    let names = names.map(|(_, name)| name.to_owned());
    names
        .filter(|name| name.len() < 64 && name != "fence")
        .collect()
}

#[tokio::test]
async fn counts_and_lists_of_doubts_read_no_record_of_a_success() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "counting").await;
    for number in 0..300 {
        act(&store, number, success()).await;
    }
    act(&store, 1_001, Outcome::in_doubt(None)).await;
    act(&store, 1_002, Outcome::Failed(Payload::new("\"no\""))).await;
    let released = won(&store, &ClaimRequest::new(id(1_003), "counted")).await;
    store.release(&released).await.expect("a release");
    won(&store, &ClaimRequest::new(id(1_004), "counted")).await;

    let before = (runs(&server, "hmget"), runs(&server, "hget"));
    let counts = store.counts().await.expect("counts");
    let mut expected = Counts::default();
    expected.success = 300;
    (expected.in_doubt, expected.failed) = (1, 1);
    (expected.released, expected.pending) = (1, 1);
    assert_eq!(counts, expected);
    let read = runs(&server, "hmget") - before.0;
    // Each of the four, and once more those whose status depends on the time.
    assert_eq!(read, 6);

    for (status, number) in [
        (Status::InDoubt, 1_001),
        (Status::Failed, 1_002),
        (Status::Released, 1_003),
        (Status::Pending, 1_004),
    ] {
        let listed = store.list(&Filter::all().status(status)).await;
        let listed: Vec<_> = listed.expect("a list").iter().map(|one| one.id).collect();
        assert_eq!(listed, [id(number)], "{status:?}");
    }
    let read = runs(&server, "hget") - before.1;
    assert_eq!(read, 16, "the status of each of the four, for each list");
    let all = store.list(&Filter::all()).await.expect("a list");
    assert_eq!(all.len(), 304);
    let done = store.list(&Filter::all().status(Status::Success)).await;
    assert_eq!(done.expect("a list").len(), 300);
}

#[tokio::test]
async fn a_settled_and_a_claimed_action_change_their_lists() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "lists").await;
    let count = async || store.counts().await.expect("counts");
    act(&store, 1, Outcome::in_doubt(None)).await;
    let record = store.get(id(1)).await.expect("an answer");
    let fence: Fence = record.expect("a record").fence;
    let settlement = retry_effects::store::Settlement::Success(Payload::new("1"));
    store
        .settle(id(1), fence, settlement)
        .await
        .expect("a settlement");
    let counts = count().await;
    assert_eq!((counts.success, counts.total()), (1, 1));

    let token = won(&store, &ClaimRequest::new(id(2), "counted")).await;
    store.release(&token).await.expect("a release");
    assert_eq!(count().await.released, 1);
    act(&store, 2, success()).await;
    let counts = count().await;
    assert_eq!((counts.success, counts.total()), (2, 2));

    // An owner that comes late.
    let mut request = ClaimRequest::new(id(3), "counted");
    (request.lease, request.keep) = (Duration::from_millis(1), Duration::ZERO);
    let token = won(&store, &request).await;
    while count().await.in_doubt == 0 {}
    store.complete(&token, success()).await.expect("it is late");
    let counts = count().await;
    assert_eq!((counts.success, counts.total()), (3, 3));

    while store.purge(Duration::ZERO).await.expect("a purge") > 0 {}
    assert_eq!(count().await.total(), 0);
    assert_eq!(lists(&server, "lists"), [""; 0], "no list keeps an id");
}

#[tokio::test]
async fn a_record_whose_retention_is_over_is_not_counted() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let clock = TestClock::new();
    let options = clock.on(RedisEffectStore::options().prefix("over"));
    let store = options.connect(&server.url()).await.expect("a store");
    let outcomes = [success(), Outcome::Failed(Payload::new("\"no\""))];
    for (number, outcome) in (0..).zip(outcomes) {
        let mut request = ClaimRequest::new(id(number), "counted");
        (request.keep, request.retain) = (Duration::ZERO, Some(Duration::from_secs(60)));
        let token = won(&store, &request).await;
        store.complete(&token, outcome).await.expect("a completion");
    }
    act(&store, 2, success()).await;
    let counts = store.counts().await.expect("counts");
    assert_eq!((counts.success, counts.failed), (2, 1));
    clock.advance(Duration::from_secs(61));
    let counts = store.counts().await.expect("counts");
    assert_eq!((counts.success, counts.failed, counts.total()), (1, 0, 1));
}
