//! The bytes that one function adds to the program: its own code, with all code that is inlined into it, and
//! the attribute's static. Functions that all callers share do not count, nor does code out of line.

use std::hint::black_box;
use std::thread;

use retry_benches::FLOOR;
use retry_core::retry_storage;

use crate::contenders::dependency::{Dependency, Fault};
use crate::contenders::hand_written::{self, Defaults, Schedule, jittered};
use crate::sizes::Size;
use crate::symbols;

type Outcome = Result<u64, Fault>;

#[inline(never)]
fn by_hand_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    // Not `hand_written::load_blocking`, of which only a jump would be left here.
    let mut attempt = 1;
    let mut step = Defaults::first_wait();
    loop {
        let error = match dependency.fetch_blocking() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if attempt >= Defaults::ATTEMPTS || !error.is_transient() {
            return Err(error);
        }
        attempt += 1;
        thread::sleep(jittered(step));
        step = step.saturating_mul(2).min(Defaults::LONGEST_WAIT);
    }
}

#[retry_storage]
async fn annotated(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

#[retry_storage]
#[inline(never)]
fn annotated_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}

/// The sizes of code and static; none where `nm` is missing.
pub(crate) fn sizes() -> Vec<Size> {
    keep();
    let Some(symbols) = symbols::sizes() else {
        return Vec::new();
    };
    [
        (
            "code-async",
            "code of an async function",
            FLOOR,
            "figures::contenders::hand_written::load::{{closure}}",
        ),
        (
            "code-async",
            "code of an async function",
            "attribute",
            "figures::code::annotated::{{closure}}",
        ),
        (
            "code-sync",
            "code of a sync function",
            FLOOR,
            "figures::code::by_hand_blocking",
        ),
        (
            "code-sync",
            "code of a sync function",
            "attribute",
            "figures::code::annotated_blocking",
        ),
        (
            "static",
            "static of a function",
            "attribute",
            "figures::code::annotated_blocking::__RETRY_SITE",
        ),
    ]
    .into_iter()
    .filter_map(|(row, title, contender, path)| {
        let bytes = *symbols.get(path)?;
        Some(Size {
            row,
            title,
            contender,
            bytes,
        })
    })
    .collect()
}

/// Emits the functions: each poll through a table, so that it stays a function of its own.
fn keep() {
    let dependency = Dependency::new();
    let futures: [Box<dyn Future<Output = Outcome> + '_>; 2] = [
        Box::new(hand_written::load::<Defaults>(&dependency)),
        Box::new(annotated(&dependency)),
    ];
    drop(black_box(futures));
    let functions: [fn(&Dependency) -> Outcome; 2] = [by_hand_blocking, annotated_blocking];
    black_box(functions);
}
