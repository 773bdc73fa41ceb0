//! Many processes on one SQLite file: what they reach together, and how fair their turns are.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use retry_effects::{Effect, SqliteEffectStore};

use super::line;

const ROLE: &str = "process";

/// How long each number of processes works.
const TIME: Duration = Duration::from_secs(4);

const ROUNDS: usize = 3;

/// As a child: calls on a file, from a line on the input on and for a time; prints their number.
pub(super) fn serve(arguments: &[String]) -> bool {
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

pub(super) fn measure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rate = |calls: &[f64]| calls.iter().sum::<f64>() / TIME.as_secs_f64();
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let few = calls_of(4, &folder.path().join(format!("few-{round}.db")));
        let many = calls_of(64, &folder.path().join(format!("many-{round}.db")));
        let least = many.iter().copied().fold(f64::MAX, f64::min);
        let most = many.iter().copied().fold(0.0, f64::max);
        line(
            "4 processes on a file, actions/s",
            format!("{:.0}", rate(&few)),
        );
        line(
            "64 processes on a file, actions/s",
            format!("{:.0}", rate(&many)),
        );
        line(
            "the slowest of 64 beside the fastest",
            format!("{:.2}", least / most),
        );
        ratios.push(rate(&many) / rate(&few));
    }
    ratios.sort_by(f64::total_cmp);
    line(
        "64 beside 4, median (goal 0.67)",
        format!("{:.2}", ratios[ROUNDS / 2]),
    );
}

/// Returns the number of calls of each process.
fn calls_of(count: usize, path: &Path) -> Vec<f64> {
    let mut processes: Vec<_> = (0..count).map(|number| start(path, number)).collect();
    for (_, output) in &mut processes {
        assert_eq!(read_line(output), "open");
    }
    for (child, _) in &mut processes {
        let input = child.stdin.as_mut().expect("a pipe");
        input.write_all(b"\n").expect("it listens");
    }
    let calls = processes.iter_mut().map(|(child, output)| {
        let calls = read_line(output).parse().expect("a number");
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

fn read_line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    line.trim().to_owned()
}
