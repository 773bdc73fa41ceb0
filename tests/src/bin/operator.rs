//! The program `retry-effects`, where the tests of this crate find it.

fn main() -> std::process::ExitCode {
    retry_effects::__command()
}
