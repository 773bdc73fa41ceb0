//! Many processes on one SQLite file: their rate together, and the fairness of their turns.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use retry_effects::{Effect, SqliteEffectStore};

use crate::table::{Cell, Table};

const ROLE: &str = "process";

/// The working time of each number of processes.
const TIME: Duration = Duration::from_secs(4);

/// As a child: calls on a file, from a line on the input on and for a time; prints their number.
pub(crate) fn serve(arguments: &[String]) -> bool {
    let [role, path, number] = arguments else {
        return false;
    };
    if role != ROLE {
        return false;
    }
    let store = Arc::new(SqliteEffectStore::open(path).expect("it opens"));
    println!("open");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    let until = Instant::now() + TIME;
    let mut calls = 0_u64;
    while Instant::now() < until {
        let done = Effect::new("charge", &(number, calls))
            .store(&store)
            .run(|| Ok::<_, String>(1999));
        done.expect("it runs");
        calls += 1;
    }
    println!("{calls}");
    true
}

pub(super) fn compare(folder: &Path) {
    let mut table = Table::new(["processes on a file", "actions/s", "slowest / fastest"]);
    for count in [4, 64] {
        let calls = calls_of(count, &folder.join(format!("{count}.db")));
        let rate = calls.iter().sum::<f64>() / TIME.as_secs_f64();
        let slowest = calls.iter().copied().fold(f64::MAX, f64::min);
        let fastest = calls.iter().copied().fold(0.0, f64::max);
        table.line([
            Cell::number(Some(count as f64), 0),
            Cell::number(Some(rate), 0),
            Cell::number(Some(slowest / fastest), 2),
        ]);
    }
    println!();
    table.print();
}

/// Returns the number of calls of each process.
fn calls_of(count: usize, path: &Path) -> Vec<f64> {
    let mut processes: Vec<_> = (0..count).map(|number| start(path, number)).collect();
    for (_, output) in &mut processes {
        assert_eq!(line(output), "open");
    }
    for (child, _) in &mut processes {
        let input = child.stdin.as_mut().expect("a pipe");
        input.write_all(b"\n").expect("it listens");
    }
    let calls = processes.iter_mut().map(|(child, output)| {
        let calls = line(output).parse().expect("a number");
        assert!(child.wait().expect("it ends").success());
        calls
    });
    calls.collect()
}

fn start(path: &Path, number: usize) -> (Child, BufReader<ChildStdout>) {
    let program = std::env::current_exe().expect("it is known");
    let mut child = Command::new(program)
        .args([ROLE.as_ref(), path.as_os_str(), number.to_string().as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    (child, output)
}

fn line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    line.trim().to_owned()
}
