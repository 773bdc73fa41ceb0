//! The core over the smallest backend: a map behind a mutex, with faults.

mod faults;
mod map;
mod outages;
mod queue;
mod rules;
mod runtimes;
mod threads;
