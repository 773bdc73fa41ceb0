//! The database's file, taken from the store in the middle of a call: the error says whether
//! anything ran, and nothing runs twice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use retry_effects::{Effect, EffectError, EffectStore, SqliteEffectStore, StoreError};
use tokio::runtime::Runtime;

use super::failure::Failure;
use super::place::sqlite::connection;
use super::runtime;
use super::site::Site;
use super::worker::{self, Worker};

/// A store, and a body that counts how often it runs.
struct Scene {
    path: PathBuf,
    store: Arc<dyn EffectStore>,
    ran: std::cell::Cell<u32>,
    runtime: Runtime,
}

impl Scene {
    fn new(folder: &Path) -> Self {
        let path = folder.join("effects.db");
        Self {
            store: Arc::new(SqliteEffectStore::open(&path).expect("it opens")),
            path,
            ran: std::cell::Cell::new(0),
            runtime: runtime(),
        }
    }

    /// Calls the action; `fault` happens in its body.
    fn call(&self, fault: impl FnMut()) -> Result<u32, Failure> {
        let fault = std::cell::RefCell::new(fault);
        let effect = Effect::new("act", &1).store(&self.store);
        self.runtime.block_on(effect.run_async(|| async {
            self.ran.set(self.ran.get() + 1);
            (fault.borrow_mut())();
            Ok(self.ran.get())
        }))
    }

    fn sql(&self, sql: &str) {
        connection(&self.path).execute_batch(sql).expect(sql);
    }
}

fn is_unrecorded(outcome: &Result<u32, Failure>) -> bool {
    matches!(
        outcome,
        Err(Failure::Effect(EffectError::Unrecorded {
            source: StoreError::Unavailable { .. },
            ..
        }))
    )
}

fn has_not_run(outcome: &Result<u32, Failure>) -> bool {
    matches!(
        outcome,
        Err(Failure::Effect(EffectError::Store {
            source: StoreError::Unavailable { .. },
            ..
        }))
    )
}

const TAKE: &str = "ALTER TABLE effects RENAME TO taken";
const GIVE_BACK: &str = "ALTER TABLE taken RENAME TO effects";

#[test]
fn a_store_that_fails_before_the_body_says_that_nothing_ran() {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::new(folder.path());
    scene.sql(TAKE);
    let outcome = scene.call(|| ());
    assert!(has_not_run(&outcome), "{outcome:?}");
    assert_eq!(scene.ran.get(), 0);
    scene.sql(GIVE_BACK);
    assert_eq!(scene.call(|| ()).expect("the store is back"), 1);
}

#[test]
fn a_store_that_fails_after_the_body_says_that_it_ran() {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::new(folder.path());
    let outcome = scene.call(|| scene.sql(TAKE));
    assert!(is_unrecorded(&outcome), "{outcome:?}");
    let outcome = scene.call(|| ());
    assert!(has_not_run(&outcome), "{outcome:?}");
    scene.sql(GIVE_BACK);
    // Its lease is not over, and nobody renews it.
    scene.sql("UPDATE effects SET lease_until_ns = 0");
    let outcome = scene.call(|| ());
    let in_doubt = matches!(outcome, Err(Failure::Effect(EffectError::InDoubt { .. })));
    assert!(in_doubt, "{outcome:?}");
    assert_eq!(scene.ran.get(), 1);
    println!("file: taken away before and after the body: it ran once");
}

/// Data written to a file that is gone would be lost without an error.
#[test]
fn a_file_that_is_removed_or_replaced_says_whether_the_body_ran() {
    for is_replaced in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let scene = Scene::new(folder.path());
        let outcome = scene.call(|| {
            std::fs::remove_file(&scene.path).expect("it is there");
            if is_replaced {
                std::fs::write(&scene.path, []).expect("written");
            }
        });
        assert!(is_unrecorded(&outcome), "{outcome:?}");
        let other = Effect::new("act", &2).store(&scene.store);
        let other = other.run_async(|| async {
            scene.ran.set(scene.ran.get() + 1);
            Ok(0)
        });
        let outcome = scene.runtime.block_on(other);
        assert!(has_not_run(&outcome), "{outcome:?}");
        assert_eq!(scene.ran.get(), 1);
    }
    println!("file: removed or replaced in the middle of a call: it ran once");
}

#[test]
fn a_call_waits_for_a_process_that_holds_the_file() {
    let site = Site::sqlite();
    let scene = Scene::new(site.folder());
    let locker = std::cell::RefCell::new(None);
    let outcome = scene.call(|| {
        let mut worker = Worker::start("file::child_locks", &site, &[]);
        assert_eq!(worker.says(), "locked");
        locker.replace(Some(worker));
        // The locker dies while the call waits to record its result, or just before.
        let worker = locker.take().expect("it locks");
        std::thread::spawn(move || {
            worker.kill();
            drop(worker);
        });
    });
    assert_eq!(outcome.expect("recorded once the file is free"), 1);
    assert_eq!(scene.call(|| ()).expect("replayed"), 1);
    assert_eq!(scene.ran.get(), 1);
    println!("file: held by another process in the middle of a call: it ran once");
}

#[test]
fn child_locks() {
    let Some([]) = worker::task() else {
        return;
    };
    let connection = connection(Path::new("effects.db"));
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    worker::say("locked");
    // Until it is killed.
    worker::hear();
}

#[test]
fn a_full_disk_says_whether_the_body_ran() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = Disk::mounted(folder.path()) else {
        println!("file: skipped on a full disk: it takes the right to mount one");
        return;
    };
    let scene = Scene::new(folder.path());
    let filler = folder.path().join("filler");
    let fill = || {
        let mut filler = std::fs::File::create(&filler).expect("a file");
        while std::io::Write::write_all(&mut filler, &[0; 4096]).is_ok() {}
    };
    let outcome = scene.call(fill);
    assert!(is_unrecorded(&outcome), "{outcome:?}");
    std::fs::remove_file(&filler).expect("it is there");
    scene.sql("UPDATE effects SET lease_until_ns = 0");
    let outcome = scene.call(|| ());
    let in_doubt = matches!(outcome, Err(Failure::Effect(EffectError::InDoubt { .. })));
    assert!(in_doubt, "{outcome:?}");
    assert_eq!(scene.ran.get(), 1);
    drop((scene, disk));
    println!("file: a disk that fills up in the middle of a call: it ran once");
}

/// A small disk in memory.
struct Disk(PathBuf);

impl Disk {
    fn mounted(folder: &Path) -> Option<Self> {
        let mount = ["-t", "tmpfs", "-o", "size=512k", "none"];
        let mounted = Command::new("mount").args(mount).arg(folder).output();
        let is_mounted = mounted.is_ok_and(|mounted| mounted.status.success());
        is_mounted.then(|| Self(folder.to_path_buf()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}
