//! The compiler reports the faults in a body, at the body.

use std::io;

use retry_core::{retry_api, retry_worker};

#[retry_worker]
async fn wrong_value() -> io::Result<u32> {
    Ok("seven")
}

#[retry_worker]
fn wrong_return(task: &str) -> io::Result<u32> {
    if task.is_empty() {
        return 7;
    }
    Ok(7)
}

struct ApiError;

#[retry_api]
async fn wrong_question_mark(text: String) -> Result<u32, ApiError> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[retry_api]
fn forgotten_end(task: &str) -> Result<u32, io::Error> {
    task.len();
}

fn main() {}
