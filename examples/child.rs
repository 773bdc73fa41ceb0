//! A child process: this program, started again, and killed (SIGKILL, without a warning) in the
//! middle of its work.

use std::env;
use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The time for which a child waits to be killed before it goes on.
pub(crate) const LIFE: Duration = Duration::from_secs(60);

/// Starts this program with `args`, shows its output, and kills it once it has printed `stuck`
/// lines that end with `…`: it is then in the middle of that many actions.
pub(crate) fn run_and_kill<const N: usize>(args: [&str; N], stuck: usize) -> io::Result<()> {
    let mut child = Command::new(env::current_exe()?)
        .args(args)
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).lines();
    let mut left = stuck;
    for line in lines {
        let line = line?;
        println!("   child | {}", line.trim_start());
        left -= usize::from(line.ends_with('…'));
        if left == 0 {
            break;
        }
    }
    child.kill()?;
    let status = child.wait()?;
    println!("   child | killed ({status})");
    // A child that ended by itself has not reached the middle.
    assert!(left == 0 && !status.success(), "{status}");
    Ok(())
}
