//! A Rust worker and a Python worker on one file: each honours what the other has done.
//!
//! Needs python3 with its module venv, and the index `pypi.org`: the package is the published one. On CI it fails
//! without them; elsewhere it says what was left out.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may, and says aloud what it leaves out; the lints know only test functions"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use retry_effects::store::{Claim, ClaimRequest, DEFAULT_LEASE, Payload, Resolved};
use retry_effects::{
    ActionId, EffectStore, Outcome, Reason, SqliteEffectStore, Token, compute_action_id,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const PACKAGE: &str = "nodus-retry==0.2.0";

/// The interpreter that has the package, or why there is none.
static PYTHON: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nodus-retry-0.2.0");
    let python = venv.join("bin/python");
    let works = |python: &Path| run(python, &["-c", "import nodus_retry"]);
    if works(&python).is_err() {
        let folder = venv
            .to_str()
            .ok_or("the target folder's name is no UTF-8")?;
        run(Path::new("python3"), &["-m", "venv", "--clear", folder])?;
        run(&python, &["-m", "pip", "install", "--quiet", PACKAGE])?;
        works(&python)?;
    }
    Ok(python)
});

fn run(program: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let [said, complained] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    if output.status.success() {
        Ok(said.into_owned())
    } else {
        Err(format!(
            "{} {arguments:?}: {complained}{said}",
            program.display()
        ))
    }
}

/// One file, and the action that both workers mean.
struct Shared {
    folder: TempDir,
    python: &'static Path,
}

impl Shared {
    /// `None` where there is no Python to share with.
    fn new() -> Option<Self> {
        let python = match &*PYTHON {
            Ok(python) => python,
            Err(why) if std::env::var_os("CI").is_some() => panic!("no Python to test with: {why}"),
            Err(why) => {
                eprintln!("LEFT OUT: no Python to share a file with: {why}");
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        Some(Self { folder, python })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("effects.db")
    }

    fn open(&self) -> SqliteEffectStore {
        SqliteEffectStore::open(self.path()).unwrap()
    }

    /// A gated call in Python, whose work comes to `outcome`: JSON, or `fail`, `late-failure`.
    fn call(&self, outcome: &str) -> Value {
        let said = self.script(outcome).unwrap();
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["id"], id().to_string(), "both compute the same id");
        said
    }

    fn script(&self, outcome: &str) -> Result<String, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python_interop/gated.py");
        let path = self.path();
        let (path, payload) = (path.to_str().unwrap(), payload().to_string());
        run(
            self.python,
            &[script, path, "charge", &payload, "tenant-7", outcome],
        )
    }
}

fn payload() -> Value {
    json!({"order": 7, "note": "Grüße 🎈", "share": 0.1})
}

fn id() -> ActionId {
    compute_action_id("charge", &payload(), "tenant-7").unwrap()
}

async fn won(store: &SqliteEffectStore) -> Token {
    match store
        .pending(&ClaimRequest::new(id(), "charge"))
        .await
        .unwrap()
    {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

fn success(json: &str) -> Outcome {
    Outcome::Success(Payload::new(json))
}

#[tokio::test]
async fn our_success_is_replayed_by_python() {
    let Some(shared) = Shared::new() else { return };
    let store = shared.open();
    let token = won(&store).await;
    store
        .complete(&token, success(r#"{"receipt":"Grüße","cents":[1,2.5]}"#))
        .await
        .unwrap();
    let said = shared.call(r#"{"receipt": "another"}"#);
    assert_eq!((&said["ran"], &said["rows"]), (&json!(0), &json!(1)));
    assert_eq!(
        said["result"],
        json!({"receipt": "Grüße", "cents": [1, 2.5]})
    );
    assert_eq!(said["status"], "success");
    // Python has read the time as we meant it.
    let record = store.get(id()).await.unwrap().unwrap();
    let seconds = record
        .created_at
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let python = said["created_at"].as_str().unwrap();
    assert!(python.ends_with("+00:00"), "{python}");
    assert_eq!(python[17..19].parse::<u64>().unwrap(), seconds % 60);
}

/// Python has no value that it could be: it reports an error, and does not run.
#[tokio::test]
async fn our_success_that_json_cannot_hold_is_not_taken_for_another() {
    let Some(shared) = Shared::new() else { return };
    let store = shared.open();
    let token = won(&store).await;
    let outcome = Outcome::success(&Some(())).unwrap();
    store.complete(&token, outcome).await.unwrap();
    let said = shared.call(r#"{"receipt": "another"}"#);
    assert_eq!((&said["ran"], &said["result"]), (&json!(0), &Value::Null));
    assert_eq!(said["status"], "unreadable");
    let error = said["error"].as_str().unwrap();
    assert!(error.starts_with("Expecting value: line 1"), "{error}");
    let Resolved::Done(finished) = store.resolve(id()).await.unwrap() else {
        panic!("it is as it was");
    };
    assert_eq!(finished.payload.json(), "~Some(null)");
}

#[tokio::test]
async fn pythons_success_is_replayed_by_us_in_a_file_that_python_made() {
    let Some(shared) = Shared::new() else { return };
    assert_eq!(shared.call(r#"{"receipt": 9}"#)["ran"], 1);
    let store = shared.open();
    let claim = store
        .pending(&ClaimRequest::new(id(), "charge"))
        .await
        .unwrap();
    let Claim::Done(finished) = claim else {
        panic!("{claim:?}");
    };
    assert_eq!(finished.payload.json(), r#"{"receipt": 9}"#);
    // And Python still works on it.
    assert_eq!(shared.call("{}")["ran"], 0);
}

#[tokio::test]
async fn pythons_success_is_replayed_by_us_in_a_file_that_we_made() {
    let Some(shared) = Shared::new() else { return };
    let store = shared.open();
    assert_eq!(shared.call(r#"{"receipt": 9}"#)["ran"], 1);
    assert!(matches!(
        store.resolve(id()).await.unwrap(),
        Resolved::Done(_)
    ));
}

#[tokio::test]
async fn python_does_not_run_what_we_hold_or_doubt_and_blocks_nobody() {
    let Some(shared) = Shared::new() else { return };
    let store = shared.open();
    let token = won(&store).await;
    let doubt = Outcome::in_doubt(Some(Reason::new("no \"answer\" – yet")));
    for (status, next) in [("pending", doubt), ("in_doubt", success("{}"))] {
        let said = shared.call("{}");
        assert_eq!((&said["ran"], &said["status"]), (&json!(0), &json!(status)));
        let error = said["error"].as_str().unwrap();
        assert!(error.contains("it must not run now"), "{error}");
        store.complete(&token, next).await.unwrap();
    }
    assert_eq!(shared.call("{}")["result"], json!({}));
}

#[tokio::test]
async fn python_runs_what_we_released() {
    let Some(shared) = Shared::new() else { return };
    let store = shared.open();
    let token = won(&store).await;
    store.release(&token).await.unwrap();
    assert_eq!(shared.call(r#"{"by": "python"}"#)["ran"], 1);
    let late = store.complete(&token, success("1")).await;
    assert!(late.is_err(), "the record is Python's by now");
    assert!(matches!(
        store.resolve(id()).await.unwrap(),
        Resolved::Done(_)
    ));
}

#[tokio::test]
async fn python_runs_what_we_recorded_as_failed() {
    let Some(shared) = Shared::new() else { return };
    let store = shared.open();
    let token = won(&store).await;
    store
        .complete(&token, Outcome::Failed(Payload::new("\"no funds\"")))
        .await
        .unwrap();
    let said = shared.call("{}");
    assert_eq!(
        (&said["ran"], &said["status"]),
        (&json!(1), &json!("success"))
    );
}

#[tokio::test]
async fn a_late_failure_of_pythons_changes_no_success_and_no_claim() {
    let Some(shared) = Shared::new() else { return };
    let store = shared.open();
    let token = won(&store).await;
    assert_eq!(shared.call("late-failure")["status"], "pending");
    store.complete(&token, success("{}")).await.unwrap();
    assert_eq!(shared.call("late-failure")["status"], "success");
    assert!(matches!(
        store.resolve(id()).await.unwrap(),
        Resolved::Done(_)
    ));
}

#[tokio::test]
async fn what_failed_in_python_is_in_doubt() {
    let Some(shared) = Shared::new() else { return };
    let said = shared.call("fail");
    assert_eq!(
        (&said["ran"], &said["error"]),
        (&json!(1), &json!("the work failed"))
    );
    let store = shared.open();
    let Resolved::InDoubt(record) = store.resolve(id()).await.unwrap() else {
        panic!("it is in doubt");
    };
    let reason = record.reason.unwrap();
    assert!(reason.as_str().starts_with("another program"), "{reason}");
}

#[tokio::test]
async fn what_python_began_is_busy_for_now() {
    let Some(shared) = Shared::new() else { return };
    shared.script("crash").unwrap_err();
    let store = shared.open();
    let Resolved::Busy(busy) = store.resolve(id()).await.unwrap() else {
        panic!("it has just begun");
    };
    assert!(busy.left <= DEFAULT_LEASE);
    assert_eq!(busy.lease, DEFAULT_LEASE);
}
