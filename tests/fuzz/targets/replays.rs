//! Recorded results: any text in a record is a value or an error, and a value is recorded so that the
//! next replay gives it again.

#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use retry_effects::store::{Claim, ClaimRequest, Payload};
use retry_effects::{
    Effect, EffectError, EffectStore, InMemoryEffectStore, Outcome, compute_action_id,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Unit,
    Named {
        wait: Option<f32>,
        counts: BTreeMap<u8, i64>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Float(f64),
    Text(String),
    List(Vec<Untagged>),
    Entries(BTreeMap<String, Untagged>),
}

#[derive(Debug, Serialize, Deserialize)]
enum Plain {
    Unit,
    One(char),
    Two(Option<Option<()>>, i128),
    Named {
        bytes: Vec<u8>,
        next: Option<Box<Plain>>,
    },
}

// The number of a type, the number of a format, and the recorded text.
fuzz_target!(|text: &str| {
    let mut numbers = text.chars();
    let [which, format] = [(); 2].map(|()| numbers.next().and_then(|digit| digit.to_digit(10)));
    let (Some(which), Some(format)) = (which, format) else {
        return;
    };
    let text = numbers.as_str();
    match which {
        0 => check::<Value>(format, text),
        1 => check::<Tagged>(format, text),
        2 => check::<Untagged>(format, text),
        3 => check::<Plain>(format, text),
        4 => check::<BTreeMap<(i8, Option<bool>), f64>>(format, text),
        5 => check::<Option<Option<Option<u64>>>>(format, text),
        6 => check::<(f32, Vec<Result<String, i16>>)>(format, text),
        _ => check::<()>(format, text),
    }
});

fn check<T: Serialize + DeserializeOwned + Debug>(format: u32, text: &str) {
    let recorded = InMemoryEffectStore::new();
    record(&recorded, Payload::with_format(format, text));
    let Ok(value) = replayed::<T>(&recorded) else {
        return;
    };
    let printed = format!("{value:?}");
    let store = InMemoryEffectStore::new();
    match call(&store, || Ok(value)) {
        Ok(_) => {
            let again = replayed::<T>(&store).expect("a value that was recorded is replayed");
            assert_eq!(format!("{again:?}"), printed);
        }
        // Nothing is recorded that could not be replayed.
        Err(EffectError::NotEncoded { .. }) => {}
        Err(error) => panic!("{printed}: {error}"),
    }
}

fn replayed<T: Serialize + DeserializeOwned>(
    store: &InMemoryEffectStore,
) -> Result<T, EffectError> {
    call(store, || {
        panic!("an action with a recorded result does not run")
    })
}

fn call<T: Serialize + DeserializeOwned>(
    store: &InMemoryEffectStore,
    body: impl FnOnce() -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    let mut body = Some(body);
    Effect::new("fuzz", &1)
        .store(store)
        .run(|| body.take().expect("one attempt")())
}

fn record(store: &InMemoryEffectStore, payload: Payload) {
    let id = compute_action_id("fuzz", &1, "").expect("a number has an id");
    runtime().block_on(async {
        let Ok(Claim::Won(token)) = store.pending(&ClaimRequest::new(id, "fuzz")).await else {
            panic!("a new store has no record");
        };
        let completed = store.complete(&token, Outcome::Success(payload)).await;
        completed.expect("a store in memory takes all");
    });
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers")
}
