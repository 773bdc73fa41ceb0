//! The lists of both releases, by which records are counted, listed and removed.

use std::time::Duration;

use retry_effects::store::{Claim, Filter, Payload};
use retry_effects::{EffectStore, Outcome};
use retry_tests::redis::ThrowawayRedis;

use super::old::{Old, id, request};
use super::{OTHER, RELEASED};

#[tokio::test]
async fn counts_and_lists_have_the_records_of_both_releases() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let old = Old::with_records(&server);
    let store = old.opened().await;
    let before = store.counts().await.expect("counts");
    for n in 100..200 {
        let Ok(Claim::Won(token)) = store.pending(&request(n)).await else {
            panic!("nobody has claimed it");
        };
        let outcome = Outcome::Success(Payload::new("1"));
        store.complete(&token, outcome).await.expect("a completion");
    }
    // Programs of the first release begin actions, too.
    old.claim(OTHER);
    let counts = store.counts().await.expect("counts");
    assert_eq!(counts.success, before.success + 100);
    assert_eq!(counts.pending, before.pending + 1);
    assert_eq!(counts.total(), before.total() + 101);
    let mut after = None;
    let mut listed = Vec::new();
    loop {
        let mut filter = Filter::all().limit(7);
        filter.after = after;
        let page = store.list(&filter).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        listed.extend(page.iter().map(|record| record.id));
    }
    assert!(listed.is_sorted(), "{listed:?}");
    assert_eq!(listed.len() as u64, counts.total());

    // An action that is claimed anew has a record of this release.
    let Ok(Claim::Won(_)) = store.pending(&request(RELEASED)).await else {
        panic!("it is free");
    };
    let counts = store.counts().await.expect("counts");
    assert_eq!(counts.total(), before.total() + 101);
    let of = |list| old.lists(RELEASED, list);
    assert_eq!(
        (of("ids"), of("actions"), of("marked")),
        (false, true, true)
    );
}

#[tokio::test]
async fn an_action_that_is_claimed_anew_leaves_the_lists_of_the_first_release() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let old = Old::with_records(&server);
    let store = old.opened().await;
    let before = store.counts().await.expect("counts");
    let act = async |n| {
        let Ok(Claim::Won(token)) = store.pending(&request(n)).await else {
            panic!("{n} is free");
        };
        let outcome = Outcome::Success(Payload::new("1"));
        store.complete(&token, outcome).await.expect("a completion");
    };
    old.release(20, "600000");
    assert!(old.lists(20, "ids") && old.lists(20, "due"));
    act(20).await;
    assert!(!old.lists(20, "ids") && !old.lists(20, "due"));
    assert!(old.lists(20, "actions") && !old.lists(20, "marked") && !old.lists(20, "over"));

    // Its record expires before it is claimed anew, and no sweep has come by.
    old.release(21, "1");
    while old.has_record(21) {}
    act(21).await;
    let counts = store.counts().await.expect("counts");
    assert_eq!(counts.success, before.success + 2);
    assert_eq!(counts.total(), before.total() + 2);
}

#[tokio::test]
async fn the_first_release_takes_no_action_of_this_one_off_the_lists() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let old = Old::with_records(&server);
    let store = old.opened().await;
    let before = store.counts().await.expect("counts");
    let ours = 1_000;
    let mut retained = request(ours);
    (retained.keep, retained.retain) = (Duration::ZERO, Some(Duration::from_millis(1)));
    let Ok(Claim::Won(token)) = store.pending(&retained).await else {
        panic!("nobody has claimed it");
    };
    let outcome = Outcome::Failed(Payload::new("\"no\""));
    store.complete(&token, outcome).await.expect("a completion");
    while old.has_record(ours) {}
    // Each of its claims takes two ids of the tag off its lists.
    let tag = id(ours).as_bytes()[0];
    let theirs = (ours + 1..).find(|n| id(*n).as_bytes()[0] == tag);
    let theirs = theirs.expect("there is one");
    assert_eq!(old.claim(theirs)[0], "done");
    assert!(old.lists(ours, "over"), "a sweep of this release finds it");
    let counts = store.counts().await.expect("counts");
    assert_eq!(counts.total(), before.total() + 1);
    assert_eq!(
        (counts.success, counts.failed),
        (before.success, before.failed)
    );
}
