//! The files of a store in the file system: made for their owner, and still the ones that were opened.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
pub(super) struct OpenFiles([OpenFile; 3]);

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl OpenFiles {
    /// Notes the files of a connection in WAL mode that has read or written.
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Self, StoreError> {
        // Without symbolic links: SQLite derives the names of the other two from it.
        let main = connection
            .path()
            .map_or(path.as_os_str(), |main| main.as_ref());
        let beside = |suffix: &str| {
            let mut name = OsString::from(main);
            name.push(suffix);
            PathBuf::from(name)
        };
        let file = |path: PathBuf| {
            let identity = fs::metadata(&path).map(|metadata| identity(&metadata));
            identity
                .map(|identity| OpenFile { path, identity })
                .map_err(|error| StoreError::unavailable(describe("open", main.as_ref()), error))
        };
        // A link on the given path may lead to another file later, for the next process that opens it.
        let files = [path.to_owned(), beside("-wal"), beside("-shm")];
        let [main, log, index] = files.map(file);
        Ok(Self([main?, log?, index?]))
    }

    /// Returns why what was written is not in the files that the paths name, if so.
    pub(super) fn are_gone(&self) -> Option<String> {
        self.0.iter().enumerate().find_map(|(at, file)| {
            let path = file.path.display();
            match fs::metadata(&file.path) {
                Ok(found) if identity(&found) != file.identity => Some(format!(
                    "{path} was replaced by another file while it was open"
                )),
                // A database in WAL mode has at least its header.
                Ok(found) if at == 0 && found.len() == 0 => {
                    Some(format!("{path} was emptied while it was open"))
                }
                Ok(_) => None,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Some(format!("{path} is gone: it was removed while it was open"))
                }
                Err(error) => Some(format!("{path} is gone: {error}")),
            }
        })
    }
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
