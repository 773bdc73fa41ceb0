use rusqlite::{Connection, params};

use super::SqliteEffectStore;
use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::operation::{Answer, Operation, Seen};
use crate::protocol::store::EffectStore;
use crate::stores::durable::backend::{Backend, Call, Reply};

/// A row as Python writes it.
fn python_row(python: &Connection, id: ActionId, status: &str, completed: Option<&str>) {
    let insert = "INSERT OR IGNORE INTO effect_records \
                  (action_id, action_type, input_hash, status, created_at, completed_at) \
                  VALUES (?1, '', '', ?2, '2020-01-01T00:00:00+00:00', ?3)";
    let values = params![id.to_string(), status, completed];
    python.execute(insert, values).expect("it is inserted");
}

async fn remove(store: &SqliteEffectStore, id: ActionId, seen: Seen) -> bool {
    let operation = Operation::Remove(id, seen);
    let call = Call {
        operation: &operation,
        step: &operation.first(),
        was_refused: false,
    };
    let mut replies = store
        .0
        .backend()
        .exchange(&[call], std::time::Instant::now())
        .await;
    match replies.pop() {
        Some(Ok(Reply::Answer(Ok(Answer::Removed(removed))))) => removed,
        other => panic!("{other:?}"),
    }
}

/// A purge looks at a page, and removes later. Python raises no revision, and its rows have no fence.
#[tokio::test]
async fn a_removal_spares_what_python_began_after_the_look() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("effects.db");
    let store = SqliteEffectStore::open(&path).expect("it opens");
    let python = Connection::open(&path).expect("it opens");
    let id = compute_action_id("op", &1, "").expect("a number");
    let seen = |store: &SqliteEffectStore| {
        let found = store.0.backend().read_here(id).expect("a file");
        found.expect("it is read").expect("it is there").seen
    };

    python_row(&python, id, "success", Some("2020-01-01T00:00:00+00:00"));
    let old = seen(&store);
    assert!(remove(&store, id, old).await);
    python_row(&python, id, "pending", None);
    assert_ne!(seen(&store), old);
    assert!(!remove(&store, id, old).await);
    assert_eq!(
        seen(&store).revision,
        old.revision,
        "the place tells them apart"
    );
}

async fn claim(store: &SqliteEffectStore, number: u64) {
    let id = compute_action_id("op", &number, "").expect("a number");
    let claim = store.pending(&ClaimRequest::new(id, "op")).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
}

/// After a claim whose fence calls for it, the store's own row is written, by whichever commit of this process's share
/// the claim was. A task's thread must not wait for that, and a claim that is committed is not held up.
#[tokio::test]
async fn a_claim_that_is_committed_waits_for_no_turn() {
    for own in 0..=31 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("effects.db");
        let [store, other] = [(); 2].map(|()| SqliteEffectStore::open(&path).expect("it opens"));
        for number in 0..63 {
            claim(if number < own { &store } else { &other }, number).await;
        }
        let log = std::fs::File::open(folder.path().join("effects.db-wal")).expect("a log");
        log.lock().expect("the first place");
        claim(&store, 63).await;
        assert!(!store.0.backend().has_waited(), "after {own}");
    }
}
