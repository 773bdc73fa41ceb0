//! Names of arguments.

use std::io;

use retry_core::retry_api;

#[retry_api(
    retries = 3,
    attempts = 3,
    tries = 3,
    delay = "1s",
    max_delay = "1s",
    when = |_| true,
)]
fn called_otherwise() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_att = 3, timout = "1s", jiter = "full", zzz = not even rust { }, "max_attempts")]
async fn misspelt() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_attempts = 3, min_wait = "1s", max_attempts = 4, borrow(key), borrow(key))]
fn given_twice(key: String) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[retry_api(borrow(tsk))]
fn names_no_parameter(task: String) -> io::Result<()> {
    let _ = task;
    Ok(())
}

fn main() {
    let _ = (called_otherwise(), misspelt(), given_twice(String::new()));
    let _ = names_no_parameter(String::new());
}
