//! The core over the smallest backend: a map behind a mutex, with faults.

mod faults;
mod map;
mod rules;
mod threads;
mod review;
