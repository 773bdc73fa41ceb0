//! A terminal, and a person at it.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Stdio};

use retry_effects::store::{Settlement, Status};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::bench::{Bench, LONG, REASON, id, short, wait};

/// The command at a terminal, which has asked.
struct Asked {
    child: Child,
    terminal: File,
    /// The text that the command has written to the terminal so far.
    question: String,
}

/// Runs the command until it asks.
fn ask(bench: &Bench, arguments: &[&str]) -> Asked {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let path = OsStr::from_bytes(name.as_bytes());
    let end = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap()
    };
    let mut command = bench.command(arguments);
    let child = command
        .stdin(end())
        .stderr(end())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Its ends of the terminal are its own from here on.
    drop(command);
    let mut terminal = File::from(controller);
    let mut question = String::new();
    let mut byte = [0];
    while !question.ends_with("[y/N] ") {
        assert_eq!(
            terminal.read(&mut byte).unwrap_or(0),
            1,
            "it ended with {question:?}"
        );
        question.push(char::from(byte[0]));
    }
    Asked {
        child,
        terminal,
        question,
    }
}

impl Asked {
    /// Answers; the exit code, and what the command says on stdout and at the terminal.
    fn answered(mut self, answer: &str) -> (i32, String, String) {
        self.terminal.write_all(answer.as_bytes()).unwrap();
        let output = self.child.wait_with_output().unwrap();
        let mut shown = Vec::new();
        // A terminal whose other end is closed gives an error after what was left.
        let _ = self.terminal.read_to_end(&mut shown);
        let shown = String::from_utf8_lossy(&shown).replace('\r', "");
        let out = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), out, shown)
    }
}

pub(super) fn a_yes_settles(bench: &Bench) {
    let token = bench.put(1, Status::InDoubt);
    let asked = ask(bench, &["settle", "01ab", "--success", "\"receipt\""]);
    let question = asked.question.replace('\r', "");
    assert!(
        question.starts_with(&format!("{}\n  charge for tenant-7 in ", id(1))),
        "{question}"
    );
    let fence = token.fence();
    let rest = format!(
        "\n  is in_doubt, fence {fence}\n  reason: {REASON}\n\
         Record that it happened, so that every later call returns \"receipt\"? [y/N] "
    );
    assert!(question.ends_with(&rest), "{question}");
    assert_eq!(bench.status(1), Some(Status::InDoubt));
    let (code, out, _) = asked.answered("y\n");
    assert_eq!(code, 0);
    assert!(
        out.starts_with(&format!("{} is a success now", short(1))),
        "{out}"
    );
    assert_eq!(bench.status(1), Some(Status::Success));

    // The question names the reason against the settlement.
    let asked = ask(bench, &["settle", "01ab", "--success", "2"]);
    assert!(
        asked.question.contains("REPLACES the recorded result"),
        "{}",
        asked.question
    );
    assert_eq!(asked.answered("n\n").0, 1);
    bench.claim(2, LONG);
    let asked = ask(bench, &["settle", "02ab", "--success", "2"]);
    assert!(
        asked.question.contains("its owner may be alive"),
        "{}",
        asked.question
    );
    assert_eq!(asked.answered("n\n").0, 1);
}

pub(super) fn anything_else_does_not(bench: &Bench) {
    bench.put(1, Status::InDoubt);
    // The last one is the end of what is typed.
    for answer in ["n\n", "\n", "yeah\n", "\u{4}"] {
        let asked = ask(bench, &["settle", "01ab", "--not-applied"]);
        let (code, out, output) = asked.answered(answer);
        assert_eq!((code, &*out), (1, ""), "{answer:?}");
        assert!(
            output.contains("error: you declined; nothing was changed"),
            "{output}"
        );
        assert_eq!(bench.status(1), Some(Status::InDoubt));
    }
}

pub(super) fn a_purge_says_how_many(bench: &Bench) {
    bench.put_each();
    let asked = ask(bench, &["purge", "--older-than", "0s"]);
    assert!(
        asked.question.starts_with("3 records in "),
        "{}",
        asked.question
    );
    assert_eq!(asked.answered("no\n").0, 1);
    assert_eq!(bench.everything().len(), 5);
    let asked = ask(bench, &["purge", "--older-than", "0s"]);
    let (code, out, _) = asked.answered("yes\n");
    assert_eq!((code, &*out), (0, "3 records removed\n"));
    assert_eq!(bench.everything().len(), 2);
}

pub(super) fn what_changed_while_it_asked_is_left_alone(bench: &Bench) {
    let token = bench.put(1, Status::InDoubt);
    let asked = ask(bench, &["settle", "01ab", "--success", "1"]);
    wait(
        bench
            .store
            .settle(id(1), token.fence(), Settlement::NotApplied),
    );
    let next = bench.claim(1, LONG);
    let (code, out, output) = asked.answered("y\n");
    assert_eq!((code, &*out), (1, ""), "{output}");
    let expected = format!(
        "the record has changed: it is pending now, with fence {}",
        next.fence()
    );
    assert!(output.contains(&expected), "{output}");
    assert_eq!(bench.record(1).unwrap().fence, next.fence());
}
