//! The request for confirmation before a change.

use std::io::{self, BufRead, IsTerminal, Write};

use super::failure::Failure;

/// Returns an error if the operator cannot be asked. Called before the store is read.
pub(super) fn require_terminal(yes: bool) -> Result<(), Failure> {
    if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(());
    }
    Err(Failure::usage(
        "nobody_to_ask",
        "this changes the store, and there is no terminal to ask for confirmation; pass `--yes` to do \
         it without confirmation. Nothing was changed",
    ))
}

/// Asks on the terminal, even if stdout is redirected. Any answer but `y` and `yes` means no.
pub(super) fn prompt(question: &str) -> Result<(), Failure> {
    let mut err = io::stderr();
    write!(err, "{question} [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if is_yes(&answer) {
        return Ok(());
    }
    Err(Failure::refused(
        "declined",
        "you declined; nothing was changed",
    ))
}

fn is_yes(answer: &str) -> bool {
    matches!(&*answer.trim().to_ascii_lowercase(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        for answer in ["y\n", "Yes\r\n", " YES "] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yeah\n", "yy\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
