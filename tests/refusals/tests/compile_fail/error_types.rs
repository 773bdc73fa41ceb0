//! An error type that only the caller knows must classify itself; predicates and hooks take it.

use retry_core::retry_worker;

#[retry_worker]
fn generic<E: std::error::Error>(fails: &dyn Fn() -> E) -> Result<(), E> {
    Err(fails())
}

#[retry_worker(retry_if = |error: &u32| *error > 0)]
fn predicate_of_another_type() -> Result<(), String> {
    Err(String::new())
}

#[retry_worker(retry_if = |_| "yes")]
fn predicate_that_says_neither() -> Result<(), String> {
    Err(String::new())
}

#[retry_worker(retry_on_ok = |value: &u32| 5)]
fn predicate_of_a_value() -> Result<u32, String> {
    Ok(5)
}

#[retry_worker(on_retry = 5)]
fn hook_that_is_none() -> Result<(), String> {
    Ok(())
}

fn main() {}
