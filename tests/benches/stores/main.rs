//! An action through the gate on each store, beside code by hand, the limit, and peers.
//!
//! ```text
//! cargo bench -p retry-tests --features postgres,redis --bench stores
//! ```
//!
//! Words after `--` keep the stores whose name begins with one of them: `-- memory sqlite postgres redis`.
//! The environment sets `ROUNDS` (5) and `CALLERS` (`1,2,8,64`). `TMPDIR` chooses the file system of all
//! files and servers: on tmpfs the disk is taken out.
//!
//! An action is a claim, an empty body and a completion, each time with a new id. Each way of doing it is a
//! [side](side::Side). *By hand* is the least that a careful user would write; *the limit* is a hand-written
//! client with all that the promises need (fence, lease, claim id, fingerprint, replay) and nothing else.
//! The sides of a store take turns of half a second, so that the load of the machine hits them alike. The
//! table has the medians of the rounds, and the ratios are medians of each round's ratio. The processor time
//! of an action includes the store's server. Rows without ratios are other work than a new action.
//!
//! Peers are Python packages, for a lone caller only. pip fetches them into a temporary folder; the table
//! states a failure of that, and goes on without the peer.
//!
//! Linux only: the processor time of servers is read from `/proc`. The in-memory gate is built here with the
//! features of this package, `testing` among them; `-p retry-benches --bench gate` has it as users build it.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod comparison;
mod gate;
#[path = "../in_memory/mod.rs"]
#[expect(dead_code, reason = "other benches measure its replays and its store")]
mod in_memory;
mod memory;
mod peer;
mod postgres;
mod processors;
mod redis;
mod settings;
mod side;
mod sqlite;
#[path = "../table.rs"]
mod table;
mod turn;

use comparison::Bench;
use settings::Settings;

type Store = (&'static str, fn(&Bench));

/// The stores, in the order of the README.
const STORES: [Store; 4] = [
    ("memory", memory::compare),
    ("sqlite", sqlite::compare),
    ("postgres", postgres::compare),
    ("redis", redis::compare),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|it| it == "--bench") {
        // `cargo test` runs benches too, without `--bench`: there is nothing to test.
        return;
    }
    let words = arguments.iter().filter(|it| !it.starts_with('-'));
    let words: Vec<&str> = words.map(String::as_str).collect();
    for word in &words {
        let is_known = STORES.iter().any(|(name, _)| name.starts_with(word));
        assert!(is_known, "no store is named {word}");
    }
    let bench = Bench::new(Settings::from_environment());
    for (name, compare) in STORES {
        if words.is_empty() || words.iter().any(|word| name.starts_with(word)) {
            compare(&bench);
        }
    }
}
