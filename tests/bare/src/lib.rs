//! The parts of a program without a feature of `retry-core`: a gated call, and peers that misbehave.

#[path = "../../src/loopback.rs"]
pub mod loopback;
pub mod program;
