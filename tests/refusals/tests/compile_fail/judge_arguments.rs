//! `judge` beside what it replaces, and what is no judge.

use std::io;

use retry_core::{Judgement, Retry, NO_RETRY, retry_api};
use retry_effects::Effect;

#[retry_api(
    judge = |_| Judgement::stop(),
    retry_if = |_| true,
    retry_on_ok = |_| true,
    not_applied_if = |_| true
)]
fn beside_all() -> io::Result<u32> {
    Ok(1)
}

#[retry_api(judge)]
fn without_a_value() -> io::Result<u32> {
    Ok(1)
}

#[retry_api(judged_by = |_| Judgement::stop())]
fn by_another_name() -> io::Result<u32> {
    Ok(1)
}

#[retry_api(judge = |_| "retry")]
fn of_no_judgement() -> io::Result<u32> {
    Ok(1)
}

#[retry_api(judge = |error: &io::Error| Judgement::stop())]
fn of_the_error_alone() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = Effect::new("charge", &1)
        .retry(Retry::new(NO_RETRY).retry_on_ok(|value: &u32| *value == 0));
    let _ = Retry::new(NO_RETRY)
        .retry_on_ok(|value: &u32| *value == 0)
        .judge(|_: &io::Result<u32>| true);
    let _ = Retry::new(NO_RETRY)
        .judge(|_: &io::Result<u32>| true)
        .retry_if(|_: &io::Error| true);
}
