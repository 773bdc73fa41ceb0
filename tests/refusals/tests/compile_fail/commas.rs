//! Missing commas and missing values.

use std::io;

use retry_core::retry_api;

#[retry_api(max_attempts = 3 min_wait = "1s")]
fn missing_comma() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_attempts =, min_wait = , jitter)]
fn missing_value() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_attempts(3), borrow = key, retry_if = )]
fn wrong_form(key: String) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[retry_api(borrow(), timeout("1s"))]
async fn empty_list() -> io::Result<()> {
    Ok(())
}

#[retry_api(borrow(key.name))]
fn wrong_list(key: String) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[retry_api(, max_attempts = 3)]
fn leading_comma() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_attempts: 3, min_wait == 2)]
fn wrong_sign() -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (missing_comma(), missing_value(), wrong_form(String::new()));
    let _ = (empty_list(), wrong_list(String::new()));
    let _ = (leading_comma(), wrong_sign());
}
