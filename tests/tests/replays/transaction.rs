//! A result that the body records itself, in its own transaction: replayed as the one it returns.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;

use retry_effects::rusqlite::Connection;
use retry_effects::store::Status;
use retry_effects::{Effect, EffectError, Outcome, SqliteEffectStore, current_action};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::chance::Chance;
use super::checks::payload;
use super::place::Store;
use super::shapes::{ByChance, Double, Internal};

fn is_replayed<T>(value: &T)
where
    T: Clone + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("effects.db");
    let store: Store = Arc::new(SqliteEffectStore::open(&file).unwrap());
    let mut ran = 0;
    for _ in 0..2 {
        let effect = Effect::new("return", "a row").store(store.clone());
        let returned = effect.run(|| {
            ran += 1;
            let mut connection = Connection::open(&file).unwrap();
            let transaction = connection.transaction().unwrap();
            let token = current_action().unwrap().token();
            SqliteEffectStore::complete_in(&transaction, &token, Outcome::success(value)?).unwrap();
            transaction.commit().unwrap();
            Ok::<_, EffectError>(value.clone())
        });
        assert_eq!(returned.unwrap(), *value);
    }
    assert_eq!(ran, 1);
    // It is the body's, whichever form the gate would have taken.
    let Ok(Outcome::Success(own)) = Outcome::success(value) else {
        panic!("{value:?} cannot be recorded");
    };
    assert_eq!(payload(&store, "a row"), own);
}

#[test]
fn what_the_body_records_is_replayed() {
    is_replayed(&"receipt 7".to_owned());
    is_replayed(&Some(()));
    is_replayed(&Double(f64::NAN));
    is_replayed(&u128::MAX);
    is_replayed(&BTreeMap::from([(7, true)]));
    is_replayed(&HashMap::from([(7, "a".to_owned())]));
    for seed in 0..8 {
        is_replayed(&Internal::by(&mut Chance::new(seed)));
    }
}

/// It has been committed by then, and is not run again; but no caller is told that all is well.
#[test]
fn what_the_body_records_and_nobody_reads_is_an_error_at_once() {
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    #[serde(tag = "type")]
    enum Tagged {
        Count { of: u128 },
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("effects.db");
    let store: Store = Arc::new(SqliteEffectStore::open(&file).unwrap());
    let call = || {
        let effect = Effect::new("return", "a row").store(store.clone());
        effect.run(|| {
            let value = Tagged::Count { of: u128::MAX };
            let mut connection = Connection::open(&file).unwrap();
            let transaction = connection.transaction().unwrap();
            let token = current_action().unwrap().token();
            SqliteEffectStore::complete_in(&transaction, &token, Outcome::success(&value)?)
                .unwrap();
            transaction.commit().unwrap();
            Ok::<_, EffectError>(value)
        })
    };
    for _replays in [false, true] {
        // It is recorded, so nothing is in doubt.
        let error = call().unwrap_err();
        assert!(matches!(error, EffectError::NotDecoded { .. }), "{error}");
    }
    let id = retry_effects::compute_action_id("return", "a row", "").unwrap();
    let record = retry_tests::block_on(store.get(id)).unwrap().unwrap();
    assert_eq!(record.status, Status::Success);
}
