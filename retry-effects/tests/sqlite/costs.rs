//! What an action costs in commits, each of which waits for the disk, and in pages of the log.

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{Effect, EffectStore, SqliteEffectStore};

use crate::bench::{Bench, id, success, wait, won};

/// The log of a file: its frames hold one page each, and the last frame of a commit says so.
#[derive(Debug, PartialEq, Eq)]
struct Log {
    commits: usize,
    pages: usize,
}

/// <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>
fn log(bench: &Bench) -> Log {
    const HEADER: usize = 32;
    const FRAME: usize = 24 + 4096;
    let path = bench.folder().join("effects.db-wal");
    let bytes = std::fs::read(path).expect("the log");
    let frames: Vec<_> = bytes[HEADER..].chunks_exact(FRAME).collect();
    Log {
        commits: frames.iter().filter(|it| it[4..8] != [0; 4]).count(),
        pages: frames.len(),
    }
}

fn since(bench: &Bench, before: &Log) -> Log {
    let now = log(bench);
    Log {
        commits: now.commits - before.commits,
        pages: now.pages - before.pages,
    }
}

/// Stores that have work behind them, so that their pages exist.
fn in_use(bench: &Bench) -> SqliteEffectStore {
    let store = bench.open();
    for number in 0..10 {
        let token = won(&store, id(number));
        wait(store.complete(&token, success("1"))).unwrap();
    }
    store
}

#[test]
fn an_action_is_two_commits_of_three_pages() {
    let bench = Bench::new();
    let store = in_use(&bench);
    let before = log(&bench);
    let token = won(&store, id(100));
    // The record and its entry in the index.
    assert_eq!(
        since(&bench, &before),
        Log {
            commits: 1,
            pages: 2
        }
    );
    wait(store.complete(&token, success("1"))).unwrap();
    assert_eq!(
        since(&bench, &before),
        Log {
            commits: 2,
            pages: 3
        }
    );
}

#[test]
fn a_replay_and_a_refusal_write_nothing() {
    let bench = Bench::new();
    let store = in_use(&bench);
    let held = won(&store, id(100));
    let before = log(&bench);
    for _ in 0..3 {
        let done = wait(store.pending(&ClaimRequest::new(id(1), "test"))).unwrap();
        assert!(matches!(done, Claim::Done(_)), "{done:?}");
        let busy = wait(store.pending(&ClaimRequest::new(held.id(), "test"))).unwrap();
        assert!(matches!(busy, Claim::Busy(_)), "{busy:?}");
    }
    assert_eq!(since(&bench, &before).pages, 0);
}

#[test]
fn the_gate_adds_nothing_to_that() {
    let bench = Bench::new();
    let store = in_use(&bench);
    let before = log(&bench);
    for _ in 0..3 {
        let done = Effect::new("op", &7)
            .store(&store)
            .run(|| Ok::<_, String>(1));
        assert_eq!(done, Ok(1));
    }
    assert_eq!(
        since(&bench, &before),
        Log {
            commits: 2,
            pages: 3
        }
    );
}
