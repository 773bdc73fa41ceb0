//! Python packages, each in a child process that lives through the run.

use std::cell::OnceCell;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::turn::{TURN, Turn};

/// The package that the gate is modelled on.
pub(crate) const NODUS: &[&str] = &["nodus-retry==0.2.0"];

/// One virtual environment for all peers, made when the first is needed.
#[derive(Default)]
pub(crate) struct Peers {
    environment: OnceCell<Result<Environment, String>>,
}

struct Environment {
    folder: TempDir,
}

impl Peers {
    /// Turns of a script in `peers/`, which needs these packages.
    pub(crate) fn turns(
        &self,
        script: &'static str,
        packages: &[&str],
        arguments: &[&str],
    ) -> impl FnMut(usize) -> Option<Turn> + use<> {
        let mut child = self.start(script, packages, arguments);
        if let Err(reason) = &child {
            println!("\n{script} is left out: {reason}");
        }
        move |callers| {
            let started = child.as_mut().ok().filter(|_| callers == 1)?;
            let turn = started.turn();
            if turn.is_none() {
                let reason = "it has ended before its turn has";
                println!("\n{script} is left out from here on: {reason}");
                child = Err(reason.to_owned());
            }
            turn
        }
    }

    fn start(&self, script: &str, packages: &[&str], arguments: &[&str]) -> Result<Peer, String> {
        let environment = self.environment.get_or_init(Environment::new);
        let environment = environment.as_ref().map_err(Clone::clone)?;
        environment.install(packages)?;
        environment.start(script, arguments)
    }
}

impl Environment {
    fn new() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("peers").tempdir();
        let folder = folder.map_err(|error| error.to_string())?;
        let mut make = Command::new("python3");
        run(make.args(["-m", "venv"]).arg(folder.path()))?;
        Ok(Self { folder })
    }

    fn python(&self) -> PathBuf {
        self.folder.path().join("bin/python")
    }

    fn install(&self, packages: &[&str]) -> Result<(), String> {
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "install", "--quiet"]);
        run(pip.arg("--disable-pip-version-check").args(packages))
    }

    fn start(&self, script: &str, arguments: &[&str]) -> Result<Peer, String> {
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/stores/peers");
        let mut child = Command::new(self.python())
            .args(["-B", "-W", "ignore"])
            .arg(Path::new(scripts).join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut peer = Peer {
            child,
            input,
            output,
        };
        let answer = peer.line();
        let is_ready = answer.as_deref() == Some("ready");
        is_ready
            .then_some(peer)
            .ok_or_else(|| "it did not become ready; its complaint is above".to_owned())
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint = complaint.lines().rfind(|line| !line.is_empty());
    Err(complaint.map_or(output.status.to_string(), str::to_owned))
}

/// A running script.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// One turn: its duration is the request, in milliseconds. The answer has nanoseconds: the processor time,
    /// the time, and the time of each action.
    fn turn(&mut self) -> Option<Turn> {
        writeln!(self.input, "{}", TURN.as_millis()).ok()?;
        let answer = self.line()?;
        let mut numbers = answer.split(' ').map(|number| number.parse().ok());
        let processors = Duration::from_nanos(numbers.next()??);
        let elapsed = Duration::from_nanos(numbers.next()??);
        let times: Option<Vec<u64>> = numbers.collect();
        Some(Turn::new(elapsed, processors, times?))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.output.read_line(&mut line).ok()?;
        line.strip_suffix('\n').map(str::to_owned)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The threads of a package may live on without their input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
