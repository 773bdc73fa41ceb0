//! The store on a Redis server: each server is one of the tests' own.
#![cfg(unix)]

#[cfg(test)]
mod redis {
    mod conformance;
    mod place;
}
