//! The files of a store in the file system: made for their owner, and still the ones that were opened.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::connection::describe;
use crate::protocol::store_error::StoreError;

/// Creates the file, readable and writable for its owner alone; SQLite gives its log and its index the
/// rights of the file. Leaves a file that exists as it is: its owner has chosen the rights.
pub(super) fn make_private(path: &Path) {
    let mut path = path.to_owned();
    // A link that leads nowhere yet: SQLite makes the file that it names.
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // SQLite opens the file next, and reports why it cannot.
    let _ = options.open(path);
}

/// The largest number of links that are followed one after the other, as in Linux.
const LINKS: usize = 40;

/// The files that a connection works on: the database, its log (`-wal`) and the log's index (`-shm`).
///
/// They stay the same as long as a connection is open. Other processes do not see what is written to
/// a file that was removed or replaced meanwhile: the next one to open the path works on another file.
#[derive(Debug)]
pub(super) struct OpenFiles {
    main: OpenFile,
    /// The log and its index.
    beside: [OpenFile; 2],
    folder: Folder,
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// The folder of the files. Its time of change tells that no file in it was made, removed or renamed: so
/// one look spares those at the log and the index.
#[derive(Debug)]
struct Folder {
    /// `None` where it cannot be opened: then all files are looked at.
    open: Option<fs::File>,
    /// Its time of change at an earlier look that found all files in their places.
    settled: Cell<Option<Duration>>,
}

/// A time of change that is younger proves nothing, for a later change may bear the same: a kernel takes
/// the time of its last tick, at most 10 ms ago.
const SETTLES_AFTER: Duration = Duration::from_millis(50);

/// The same where the file system seems to keep no parts of a millisecond: some keep two seconds.
const SETTLES_COARSELY_AFTER: Duration = Duration::from_secs(3);

impl OpenFiles {
    /// Notes the files of a connection in WAL mode that has read or written.
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Self, StoreError> {
        // Without symbolic links: SQLite derives the names of the other two from it.
        let main = connection
            .path()
            .map_or(path.as_os_str(), |main| main.as_ref());
        Self::at(path, main)
            .map_err(|error| StoreError::unavailable(describe("open", main.as_ref()), error))
    }

    /// `path` is as it was given: a link on it may lead to another file later, for the next process that
    /// opens it. `main` is that path without links.
    fn at(path: &Path, main: &OsStr) -> io::Result<Self> {
        let beside = |suffix: &str| {
            let mut name = OsString::from(main);
            name.push(suffix);
            OpenFile::at(name.into())
        };
        Ok(Self {
            main: OpenFile::at(path.to_owned())?,
            beside: [beside("-wal")?, beside("-shm")?],
            folder: Folder {
                open: Path::new(main)
                    .parent()
                    .and_then(|it| fs::File::open(it).ok()),
                settled: Cell::new(None),
            },
        })
    }

    /// Returns the path of the log.
    pub(super) fn log(&self) -> &Path {
        &self.beside[0].path
    }

    /// Returns why what was written is not in the files that the paths name, if so.
    pub(super) fn are_gone(&self) -> Option<String> {
        self.are_gone_at(since_1970)
    }

    fn are_gone_at(&self, now: impl FnOnce() -> Duration) -> Option<String> {
        if let Some(reason) = self.main.is_gone(true) {
            return Some(reason);
        }
        // Before the look at the files: what changes after it has a later time.
        let changed = self.folder.changed();
        if changed.is_some() && changed == self.folder.settled.get() {
            return None;
        }
        let gone = self.beside.iter().find_map(|file| file.is_gone(false));
        let is_settled = gone.is_none() && changed.is_some_and(|changed| settles(changed, now()));
        self.folder.settled.set(changed.filter(|_| is_settled));
        gone
    }
}

impl OpenFile {
    fn at(path: PathBuf) -> io::Result<Self> {
        let identity = identity(&fs::metadata(&path)?);
        Ok(Self { path, identity })
    }

    fn is_gone(&self, is_main: bool) -> Option<String> {
        let path = self.path.display();
        match fs::metadata(&self.path) {
            Ok(found) if identity(&found) != self.identity => Some(format!(
                "{path} was replaced by another file while it was open"
            )),
            // A database in WAL mode has at least its header.
            Ok(found) if is_main && found.len() == 0 => {
                Some(format!("{path} was emptied while it was open"))
            }
            Ok(_) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Some(format!("{path} is gone: it was removed while it was open"))
            }
            Err(error) => Some(format!("{path} is gone: {error}")),
        }
    }
}

impl Folder {
    /// Returns its time of change, which nobody can set.
    #[cfg(unix)]
    fn changed(&self) -> Option<Duration> {
        use std::os::unix::fs::MetadataExt;
        let found = self.open.as_ref()?.metadata().ok()?;
        let seconds = u64::try_from(found.ctime()).ok()?;
        Some(Duration::new(
            seconds,
            u32::try_from(found.ctime_nsec()).ok()?,
        ))
    }

    #[cfg(not(unix))]
    fn changed(&self) -> Option<Duration> {
        None
    }
}

/// Whether a later change than this one surely has another time.
fn settles(changed: Duration, now: Duration) -> bool {
    let is_fine = !changed.subsec_nanos().is_multiple_of(1_000_000);
    let after = match is_fine {
        true => SETTLES_AFTER,
        false => SETTLES_COARSELY_AFTER,
    };
    now.checked_sub(changed).is_some_and(|age| age >= after)
}

fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// On other systems an open file is not removed.
#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LATER: Duration = Duration::from_secs(60);

    /// Files in a folder that has been looked at a minute after its last change.
    fn settled() -> (tempfile::TempDir, PathBuf, OpenFiles) {
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("effects.db");
        for name in ["effects.db", "effects.db-wal", "effects.db-shm"] {
            fs::write(folder.path().join(name), "header").expect("written");
        }
        let files = OpenFiles::at(&main, main.as_os_str()).expect("they are there");
        assert_eq!(files.are_gone_at(|| since_1970() + LATER), None);
        assert!(files.folder.settled.get().is_some());
        (folder, main, files)
    }

    /// Changes the folder until that shows in its time.
    fn tick(folder: &Path, files: &OpenFiles) {
        let before = files.folder.settled.get();
        while files.folder.changed() == before {
            fs::write(folder.join("other"), "").expect("written");
            fs::remove_file(folder.join("other")).expect("removed");
        }
    }

    #[test]
    fn a_settled_folder_still_tells_of_each_file() {
        for name in ["effects.db", "effects.db-wal", "effects.db-shm"] {
            let (folder, _, files) = settled();
            tick(folder.path(), &files);
            fs::remove_file(folder.path().join(name)).expect("removed");
            for _ in 0..2 {
                let gone = files.are_gone_at(|| since_1970() + LATER);
                let gone = gone.expect("it is noticed");
                assert!(gone.contains(&format!("{name} is gone")), "{gone}");
            }
        }
    }

    #[test]
    fn other_files_of_the_folder_may_come_and_go() {
        let (folder, _, files) = settled();
        tick(folder.path(), &files);
        assert_eq!(files.are_gone_at(since_1970), None);
        assert_eq!(files.folder.settled.get(), None, "it has just changed");
        assert_eq!(files.are_gone_at(|| since_1970() + LATER), None);
        assert!(files.folder.settled.get().is_some());
    }

    #[test]
    fn the_database_is_looked_at_each_time() {
        let (_folder, main, files) = settled();
        fs::write(main, "").expect("emptied");
        let gone = files.are_gone().expect("it is noticed");
        assert!(gone.contains("was emptied"), "{gone}");
    }

    #[test]
    fn a_young_change_does_not_settle() {
        let micros = Duration::from_micros;
        let fine = micros(10_000_001);
        assert!(!settles(fine, fine) && !settles(fine, fine + micros(49_999)));
        assert!(settles(fine, fine + micros(50_000)));
        let coarse = micros(10_001_000);
        assert!(!settles(coarse, coarse + micros(2_999_999)));
        assert!(settles(coarse, coarse + micros(3_000_000)));
        for changed in [fine, coarse] {
            assert!(!settles(changed, micros(0)), "the clock was set back");
        }
    }
}
