//! `max_attempts`.

use std::cell::Cell;
use std::io;

use retry_core::testing::{Recorder, Script, no_wait};
use retry_core::{retry_api, retry_scheduler, retry_storage, retry_worker};
use retry_tests::{busy_times, sendable};

use super::busy;

fn count(counter: &Cell<u32>) -> io::Result<()> {
    counter.set(counter.get() + 1);
    busy()
}

/// How many attempts a call that always fails makes.
fn attempts(call: fn(&Cell<u32>) -> io::Result<()>) -> u32 {
    let _no_wait = no_wait();
    let counter = Cell::new(0);
    assert!(call(&counter).is_err());
    counter.get()
}

/// Functions that count their attempts, each with its arguments.
macro_rules! counting {
    ($($name:ident: $attribute:ident $arguments:tt;)*) => {
        $(
            #[$attribute $arguments]
            fn $name(counter: &Cell<u32>) -> io::Result<()> {
                count(counter)
            }
        )*
    };
}

const SIX: u32 = 6;

counting! {
    of_a_worker: retry_worker();
    of_a_storage: retry_storage();
    of_a_scheduler: retry_scheduler();
    of_an_api: retry_api();
    literal: retry_api(max_attempts = 2);
    one: retry_api(max_attempts = 1);
    with_an_underscore: retry_api(max_attempts = 1_0,);
    constant: retry_api(max_attempts = SIX);
    small: retry_api(max_attempts = 3_u8 + 2);
    signed: retry_api(max_attempts = i64::from(SIX) + 1);
    sized: retry_api(max_attempts = "four".len() * 2);
    large: retry_api(max_attempts = u128::from(SIX) + 3);
    of_a_block: retry_api(max_attempts = { let two = 2; two * 6 });
    none: retry_api(max_attempts = SIX - 6);
    negative: retry_api(max_attempts = i64::from(SIX) - 7);
}

#[retry_api(max_attempts = counter.get() + 2)]
fn of_a_parameter(counter: &Cell<u32>) -> io::Result<()> {
    count(counter)
}

#[retry_worker]
fn without_parentheses(counter: &Cell<u32>) -> io::Result<()> {
    count(counter)
}

#[retry_api(max_attempts = "unlimited")]
async fn unlimited(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_api(max_attempts = "unlimited")]
fn unlimited_sync(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[test]
fn literals_and_expressions() {
    for (call, expected) in [
        (of_a_worker as fn(&Cell<u32>) -> _, 3),
        (without_parentheses, 3),
        (of_a_storage, 5),
        (of_a_scheduler, 3),
        (of_an_api, 4),
        (literal, 2),
        (one, 1),
        (with_an_underscore, 10),
        (constant, 6),
        (small, 5),
        (signed, 7),
        (sized, 8),
        (large, 9),
        (of_a_block, 12),
        // Evaluated at the first failure, which has counted one.
        (of_a_parameter, 3),
    ] {
        assert_eq!(attempts(call), expected);
    }
}

#[test]
fn out_of_range_is_clamped_and_logged_once() {
    let recorder = Recorder::install();
    for (call, name) in [
        (none as fn(&Cell<u32>) -> _, "none"),
        (negative, "negative"),
    ] {
        for _ in 0..3 {
            assert_eq!(attempts(call), 1);
        }
        let clamped = format!(
            "ERROR Argument of {name}: max_attempts is 0; it must be at least 1; 1 is used"
        );
        let messages = recorder.messages();
        assert_eq!(
            messages
                .iter()
                .filter(|message| **message == clamped)
                .count(),
            1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn without_end() -> io::Result<()> {
    assert_eq!(sendable(unlimited(&busy_times(1000))).await?, 7);
    Ok(())
}

#[test]
fn without_end_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    assert_eq!(unlimited_sync(&busy_times(1000))?, 7);
    assert_eq!(
        recorder.messages().last().map(String::as_str),
        Some("INFO Retry succeeded on attempt 1001/unlimited for unlimited_sync")
    );
    Ok(())
}
