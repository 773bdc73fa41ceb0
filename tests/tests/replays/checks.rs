//! The requirements on a value, and the kinds on each store.

use std::fmt::Debug;

use proptest::test_runner::{Config, TestRunner};
use retry_effects::store::{Claim, ClaimRequest, FORMAT, NEWEST_FORMAT, Payload, Status};
use retry_effects::{Effect, EffectError, Outcome, compute_action_id};
use retry_tests::block_on;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::chance::Chance;
use super::kinds::{KINDS, ODD};
use super::place::{Place, Store};

pub(super) fn is_replayed<T>(store: &Store, key: &str, value: &T)
where
    T: Clone + Debug + PartialEq + Serialize + DeserializeOwned,
{
    is_replayed_as(store, key, value, T::clone);
}

/// A value comes back from the first call, from the second, and as a recorded error, as one that
/// `seen` shows the same of.
pub(super) fn is_replayed_as<T, S>(store: &Store, key: &str, value: &T, seen: impl Fn(&T) -> S)
where
    T: Clone + Serialize + DeserializeOwned,
    S: Debug + PartialEq,
{
    let mut ran = 0;
    for call in ["the first call", "a replay"] {
        let returned = Effect::new("return", key).store(store.clone()).run(|| {
            ran += 1;
            Ok::<_, EffectError>(value.clone())
        });
        let returned = returned.unwrap_or_else(|error| {
            panic!("{key}: {call} of {:?}: {}", seen(value), sources(&error))
        });
        assert_eq!(seen(&returned), seen(value), "{key}: {call}");
    }
    assert_eq!(ran, 1, "{key}");
    let payload = payload(store, key);
    is_in_its_form(&payload, value);
    // A value that a body records in its own transaction reads as the same.
    let Ok(Outcome::Success(unread)) = Outcome::success(value) else {
        panic!("{key} is no outcome");
    };
    is_in_its_form(&unread, value);
    assert_eq!(
        seen(&of_record::<T>(store, key, unread.clone())),
        seen(value),
        "{key}: a record"
    );
    assert!(
        unread.format() >= payload.format(),
        "{key}: {}",
        payload.json()
    );
}

/// Returns the result of a call where this payload is recorded already.
fn of_record<T>(store: &Store, key: &str, payload: Payload) -> T
where
    T: Serialize + DeserializeOwned,
{
    let id = compute_action_id("record", key, "").unwrap();
    let Claim::Won(token) = block_on(store.pending(&ClaimRequest::new(id, "record"))).unwrap()
    else {
        panic!("{key} is recorded");
    };
    block_on(store.complete(&token, Outcome::Success(payload))).unwrap();
    let effect = Effect::new("record", key).store(store.clone());
    let returned = effect.run(|| -> Result<T, EffectError> { unreachable!("it has run") });
    returned.unwrap_or_else(|error| panic!("{key}: {}", sources(&error)))
}

/// JSON is what `serde_json` writes; what is not that is nothing that a reader of JSON takes.
fn is_in_its_form(payload: &Payload, value: &impl Serialize) {
    let text = payload.json();
    let read = serde_json::from_str::<IgnoredAny>(text);
    match payload.format() {
        FORMAT => assert_eq!(text, serde_json::to_string(value).unwrap()),
        NEWEST_FORMAT => assert!(read.is_err(), "{text}"),
        format => panic!("{text} of format {format}"),
    }
}

pub(super) fn payload(store: &Store, key: &str) -> Payload {
    let id = compute_action_id("return", key, "").unwrap();
    let record = block_on(store.get(id)).unwrap().unwrap();
    assert_eq!(record.status, Status::Success, "{key}");
    record.payload.unwrap()
}

/// An error, and why.
pub(super) fn sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = sources.map(ToString::to_string).collect();
    texts.join(": ")
}

/// Values of each kind, from so many seeds.
fn each_kind_is_replayed(place: &Place, seeds: u32) {
    let store = place.open();
    let config = Config {
        cases: seeds,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&proptest::num::u64::ANY, |seed| {
        let mut chance = Chance::new(seed);
        for (name, check) in KINDS.iter().chain(ODD) {
            check(&store, &format!("{name} of {seed}"), &mut chance);
        }
        Ok(())
    });
    run.unwrap();
}

#[test]
fn there_are_kinds_enough() {
    assert!(KINDS.len() >= 40, "{}", KINDS.len());
}

#[test]
fn memory() {
    each_kind_is_replayed(&Place::memory().unwrap(), 64);
}

#[test]
fn sqlite() {
    each_kind_is_replayed(&Place::sqlite().unwrap(), 4);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    if let Some(place) = Place::postgres() {
        each_kind_is_replayed(&place, 4);
    }
}

#[cfg(feature = "redis")]
#[test]
fn redis() {
    if let Some(place) = Place::redis() {
        each_kind_is_replayed(&place, 4);
    }
}
