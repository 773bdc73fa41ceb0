//! Annotated functions in other functions, above tests, as pointers.

use std::io;

use retry_core::retry_scheduler;
use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_tests::{busy_once, busy_times};

#[retry_scheduler]
fn outer(script: &Script<u32, io::Error>) -> io::Result<u32> {
    #[retry_scheduler(max_attempts = 2)]
    fn inner(script: &Script<u32, io::Error>) -> io::Result<u32> {
        script.next()
    }
    inner(script)
}

/// The attribute works above a test as well: the test is tried again.
#[retry_scheduler]
#[tokio::test(start_paused = true)]
async fn above_a_test() -> io::Result<()> {
    thread_local! {
        static SCRIPT: Script<u32, io::Error> = busy_once();
    }
    assert_eq!(SCRIPT.with(Script::next)?, 7);
    assert_eq!(SCRIPT.with(Script::attempts), 2);
    Ok(())
}

#[test]
fn an_annotated_function_in_another() -> io::Result<()> {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    assert_eq!(outer(&busy_once())?, 7);
    assert_eq!(
        recorder.messages().last().map(String::as_str),
        Some("INFO Retry succeeded on attempt 2/2 for inner")
    );
    Ok(())
}

#[test]
fn calls_are_independent() -> io::Result<()> {
    let clock = VirtualClock::install();
    for _ in 0..3 {
        assert_eq!(outer(&busy_times(1))?, 7);
    }
    assert_eq!(clock.slept().len(), 3);
    Ok(())
}

#[test]
fn as_a_function_pointer() -> io::Result<()> {
    let _no_wait = no_wait();
    let pointer: fn(&Script<u32, io::Error>) -> io::Result<u32> = outer;
    assert_eq!(pointer(&busy_once())?, 7);
    Ok(())
}
