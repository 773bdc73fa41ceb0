//! A result that cannot be replayed is refused at the first call, and its action is marked applied.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt::{self, Debug};

use retry_effects::store::Status;
use retry_effects::{Effect, EffectError, Outcome, compute_action_id};
use retry_tests::block_on;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::checks::{is_replayed, payload, sources};
use super::place::{Place, Store};
use super::shapes::{Chain, Double};

const WIDE: u128 = 1 << 64;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    Count { of: u128 },
}

/// A float takes what the integer cannot be read from.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Count(i128),
    Share(f64),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    rest: HashMap<String, u128>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Renamed {
    #[serde(rename(serialize = "receiptNumber"))]
    receipt_number: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Skipped {
    #[serde(skip_serializing_if = "Option::is_none", with = "strict")]
    note: Option<u8>,
}

/// A field that is read by code of its own has no default.
mod strict {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(note: &Option<u8>, to: S) -> Result<S::Ok, S::Error> {
        note.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
        Option::deserialize(from)
    }
}

/// The value runs once, and no caller is told that all is well.
fn is_refused<T>(store: &Store, key: &str, value: fn() -> T) -> String
where
    T: Debug + Serialize + DeserializeOwned,
{
    let mut ran = 0;
    let mut call = || {
        Effect::new("return", key).store(store.clone()).run(|| {
            ran += 1;
            Ok::<_, EffectError>(value())
        })
    };
    let error = call().expect_err(key);
    let EffectError::NotEncoded { source, .. } = &error else {
        panic!("{key}: {error}");
    };
    let why = source.to_string();
    let again = call().expect_err(key);
    assert!(matches!(again, EffectError::InDoubt { .. }), "{again}");
    assert_eq!(ran, 1, "{key}");
    let id = compute_action_id("return", key, "").unwrap();
    let record = block_on(store.get(id)).unwrap().unwrap();
    assert_eq!(
        (record.status, record.applied),
        (Status::InDoubt, true),
        "{key}"
    );
    why
}

fn on_memory_and_sqlite(test: fn(&Store)) {
    for place in [Place::memory(), Place::sqlite()] {
        test(&place.unwrap().open());
    }
}

#[test]
fn wide_integers_where_serde_buffers() {
    on_memory_and_sqlite(|store| {
        is_refused(store, "tagged", || Tagged::Count { of: WIDE });
        is_refused(store, "untagged", || Untagged::Count(WIDE as i128));
        is_refused(store, "negative", || Untagged::Count(i128::MIN));
        is_refused(store, "flattened", || {
            let rest = HashMap::from([("total".to_owned(), WIDE)]);
            Flattened { id: 1, rest }
        });
    });
}

#[test]
fn types_that_do_not_read_what_they_write() {
    on_memory_and_sqlite(|store| {
        let why = is_refused(store, "renamed", || Renamed { receipt_number: 7 });
        assert!(why.contains("receipt_number"), "{why}");
        is_refused(store, "skipped", || Skipped { note: None });
        // Neither spoils it for another type.
        is_replayed(store, "another", &(7, "text".to_owned()));
    });
}

#[test]
fn what_is_deeper_than_the_stack_of_a_thread() {
    on_memory_and_sqlite(|store| {
        let why = is_refused(store, "deep", || Chain::of(200_000));
        assert!(why.contains("nested too deeply"), "{why}");
    });
    let Err(error @ EffectError::NoPayload { .. }) = Outcome::success(&Chain::of(200_000)) else {
        panic!("it has no end");
    };
    let why = error.source().unwrap().to_string();
    assert!(why.contains("nested too deeply"), "{why}");
}

/// So many levels are replayed.
const SURE: usize = if cfg!(debug_assertions) { 300 } else { 1_000 };

/// There is no depth at which a value is taken and not given back.
#[test]
fn depth_is_replayed_or_refused() {
    on_memory_and_sqlite(|store| {
        for depth in [0, 100, 126, 127, 128, SURE] {
            is_replayed(store, &depth.to_string(), &Chain::of(depth));
        }
    });
    let store = Place::memory().unwrap().open();
    for depth in (SURE..SURE * 8).step_by(SURE / 10) {
        let key = format!("{depth} levels");
        let call = || {
            let effect = Effect::new("return", &key).store(store.clone());
            effect.run(|| Ok::<_, EffectError>(Chain::of(depth)))
        };
        match (call(), call()) {
            (Ok(first), Ok(again)) => {
                assert_eq!((first, again), (Chain::of(depth), Chain::of(depth)));
            }
            (Err(EffectError::NotEncoded { .. }), Err(EffectError::InDoubt { .. })) => {}
            other => panic!("{depth}: {other:?}"),
        }
    }
}

#[test]
fn an_error_is_replayed_as_it_was() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Refusal {
        Declined(Option<()>, Double),
        Gate(String),
    }

    impl From<EffectError> for Refusal {
        fn from(error: EffectError) -> Self {
            Self::Gate(sources(&error))
        }
    }

    impl fmt::Display for Refusal {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{self:?}")
        }
    }

    impl retry_core::Classify for Refusal {
        fn classify(&self) -> retry_core::Judgement {
            retry_core::Judgement::stop().not_applied()
        }
    }

    on_memory_and_sqlite(|store| {
        let declined = Refusal::Declined(Some(()), Double(f64::NAN));
        let mut ran = 0;
        for _ in 0..2 {
            let effect = Effect::new("return", "an error").store(store.clone());
            let outcome = effect.replay_errors().run(|| {
                ran += 1;
                Err::<(), _>(declined.clone())
            });
            assert_eq!(outcome, Err(declined.clone()));
        }
        assert_eq!(ran, 1);
    });
}

#[test]
fn wide_integers_elsewhere_are_json() {
    on_memory_and_sqlite(|store| {
        is_replayed(store, "wide", &vec![WIDE, u128::MAX]);
        let text = payload(store, "wide").json().to_owned();
        assert_eq!(text, format!("[{WIDE},{}]", u128::MAX));
    });
}
