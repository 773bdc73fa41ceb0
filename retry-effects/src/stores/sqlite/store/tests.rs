use rusqlite::{Connection, params};

use super::SqliteEffectStore;
use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::operation::{Answer, Operation, Seen};
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
