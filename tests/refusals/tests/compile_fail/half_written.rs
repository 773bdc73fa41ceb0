//! Half-written code: the function is there, and the compiler says what the body lacks.

use std::io;

use retry_core::{retry_api, retry_worker};

#[retry_worker]
async fn half_written(task: String) -> io::Result<usize> {
    let length = ;
    Ok(task.len())
}

#[retry_api(max_attempts = )]
fn half_written_sync(task: &str) -> io::Result<usize> {
    Ok(task.)
}

fn main() {}
