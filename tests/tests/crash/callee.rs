//! [`Callee`]: whom the actions act on. It keeps count of what has happened, outside the store.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use retry_effects::current_action;
use retry_effects::store::ClaimId;
use rustix::fs::{FlockOperation, flock};

use super::failure::Failure;

/// A file for each action, with a line for each time that it has happened.
#[derive(Clone, Debug)]
pub(super) struct Callee(PathBuf);

/// One time that an action has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) fence: u64,
    /// Another one each time: the action's result.
    pub(super) nonce: String,
}

impl Callee {
    pub(super) fn of(folder: &Path) -> Self {
        let ledger = folder.join("ledger");
        std::fs::create_dir_all(&ledger).expect("a folder");
        Self(ledger)
    }

    /// Acts, as often as it is asked to. To be called from a gated body.
    pub(super) fn act(&self, number: u64) -> String {
        self.append(&mut self.open(number))
    }

    /// Acts for the first who asks, and gives its result to those who ask later under a newer claim;
    /// under an older one they are turned away.
    pub(super) fn act_once(&self, number: u64) -> Result<String, Failure> {
        let mut file = self.open(number);
        flock(&file, FlockOperation::LockExclusive).expect("a lock");
        match read(&mut file).pop() {
            None => Ok(self.append(&mut file)),
            Some(first) if first.fence > fence() => Err(Failure::Refused),
            Some(first) => Ok(first.nonce),
        }
    }

    /// How often the action has happened, and how.
    pub(super) fn happened(&self, number: u64) -> Vec<Happened> {
        File::open(self.path(number)).map_or_else(|_| Vec::new(), |mut file| read(&mut file))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.0.join(number.to_string())
    }

    fn open(&self, number: u64) -> File {
        let mut options = OpenOptions::new();
        let opened = options.append(true).create(true).read(true);
        opened.open(self.path(number)).expect("a file")
    }

    /// One line in one write: a process that dies leaves it whole or not at all, and what was
    /// written is in the machine's memory, which outlives the process.
    fn append(&self, file: &mut File) -> String {
        let nonce = format!("{:032x}", ClaimId::random().bits());
        let action = current_action().expect("a gated body");
        let (fence, attempt) = (action.fence(), action.attempt());
        let pid = std::process::id();
        let line = format!("{fence} {attempt} {pid} {nonce}\n");
        let written = file.write(line.as_bytes()).expect("written");
        assert_eq!(written, line.len());
        nonce
    }
}

fn fence() -> u64 {
    current_action().expect("a gated body").fence().number()
}

fn read(file: &mut File) -> Vec<Happened> {
    let mut text = String::new();
    file.read_to_string(&mut text).expect("it is text");
    text.lines().map(happened).collect()
}

fn happened(line: &str) -> Happened {
    let words: Vec<&str> = line.split(' ').collect();
    let [fence, _attempt, _pid, nonce] = words[..] else {
        panic!("{line:?} is not whole")
    };
    Happened {
        fence: fence.parse().expect("a number"),
        nonce: nonce.to_owned(),
    }
}
