//! [`Worker`]: this program run again as a process that a test may kill, stop and listen to.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};

use super::place::Place;
use super::site::Site;

const TASK: &str = "RETRY_TESTS_WORKER";

/// Where a worker's store is: what [`Place::open`] reads.
const PLACE: &str = "RETRY_TESTS_PLACE";

/// The mark of a worker's messages: the output of the test program itself does not begin with it.
const MARK: char = '@';

/// How long a worker may be silent on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// A child process that runs one `child_…` test.
pub(super) struct Worker {
    child: Child,
    orders: ChildStdin,
    words: Receiver<String>,
    complaint: Option<thread::JoinHandle<String>>,
}

impl Worker {
    /// Starts `room::child_…` on the test's store, with numbers that say what it is to do.
    pub(super) fn start(test: &str, site: &Site, task: &[u64]) -> Self {
        Self::start_at(&site.address(), test, site, task)
    }

    /// The same with another address of the store.
    pub(super) fn start_at(address: &str, test: &str, site: &Site, task: &[u64]) -> Self {
        let task: Vec<String> = task.iter().map(u64::to_string).collect();
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["--exact", &format!("crash::{test}"), "--nocapture"])
            .arg("--test-threads=1")
            .env(TASK, task.join(" "))
            .env(PLACE, address)
            .current_dir(site.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (sender, words) = mpsc::channel();
        let printed = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || {
            for line in printed.lines().map_while(Result::ok) {
                if let Some((_, word)) = line.split_once(MARK) {
                    let _ = sender.send(word.to_owned());
                }
            }
        });
        let mut stderr = child.stderr.take().expect("piped");
        let complaint = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            orders: child.stdin.take().expect("piped"),
            child,
            words,
            complaint: Some(complaint),
        }
    }

    /// The next thing that it says.
    pub(super) fn says(&mut self) -> String {
        self.words.recv_timeout(PATIENCE).unwrap_or_else(|silence| {
            let _ = self.child.kill();
            let complaint = self.complaint();
            panic!("the worker says nothing: {silence}\n{complaint}")
        })
    }

    /// Returns the messages since the last read.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn has_said(&self) -> Vec<String> {
        self.words.try_iter().collect()
    }

    /// Which process it is.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it has said and will say, once it has ended.
    pub(super) fn said(&self) -> Vec<String> {
        self.words.iter().collect()
    }

    /// Tells it something.
    pub(super) fn order(&mut self, word: &str) {
        writeln!(self.orders, "{word}").expect("it listens");
    }

    /// Kills it: SIGKILL.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Lets one that has stopped go on: SIGCONT.
    pub(super) fn go_on(&mut self) {
        self.signal(Signal::CONT);
        self.order("go on");
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it is there");
    }

    /// Stops one that has stopped a little later, before it goes on with its task.
    pub(super) fn stops_later(&mut self) {
        self.signal(Signal::CONT);
        thread::yield_now();
        self.signal(Signal::STOP);
        self.stops();
    }

    /// Waits until it has stopped.
    pub(super) fn stops(&mut self) {
        let pid = Pid::from_child(&self.child);
        let waited = waitpid(Some(pid), WaitOptions::UNTRACED).expect("it is there");
        let (_, status) = waited.expect("it stops");
        assert!(status.stopped(), "{status:?}\n{}", self.complaint());
    }

    /// Waits until it has ended well.
    pub(super) fn ends(mut self) {
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}\n{}", self.complaint());
    }

    /// Waits until it has died of SIGKILL.
    pub(super) fn dies(&mut self) {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.wait().expect("it ends");
        let killed = status.signal() == Some(Signal::KILL.as_raw());
        assert!(killed, "{status}: {:?}\n{}", self.said(), self.complaint());
    }

    fn complaint(&mut self) -> String {
        let complaint = self.complaint.take().map(thread::JoinHandle::join);
        complaint.map(Result::unwrap_or_default).unwrap_or_default()
    }
}

/// No worker outlives its test, not even one that is stopped.
impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a worker: what it is to do. `None` in the test program itself.
pub(super) fn task<const N: usize>() -> Option<[u64; N]> {
    let task = std::env::var(TASK).ok()?;
    let number = |word: &str| word.parse().expect("a number");
    let numbers: Vec<u64> = task.split_whitespace().map(number).collect();
    Some(numbers.try_into().expect("a number for each name"))
}

/// In a worker: where its store is.
pub(super) fn place() -> Place {
    let address = std::env::var(PLACE).expect("a worker");
    Place::open(&address, Path::new("."))
}

/// In a worker: says something to the test.
pub(super) fn say(word: &str) {
    println!("{MARK}{word}");
}

/// In a worker: waits for an order.
pub(super) fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a pipe");
    assert!(!line.is_empty(), "the test has ended");
    line.trim_end().to_owned()
}

/// In a worker: dies as by `kill -9`, here and now.
pub(super) fn die() -> ! {
    kill_process(getpid(), Signal::KILL).expect("it is itself");
    loop {
        thread::park();
    }
}

/// In a worker: stops until it is told to go on.
pub(super) fn stop() {
    kill_process(getpid(), Signal::STOP).expect("it is itself");
    // Another thread may be the one that takes the signal; this one must not run on until then.
    assert_eq!(hear(), "go on");
}
