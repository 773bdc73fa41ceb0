//! A Redis server of the tests' own: empty, in a temporary folder, reached by a Unix socket in it,
//! gone with the value.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::shared::Shared;

/// A running Redis server that nobody else uses, without a TCP port. It writes to its disk before it
/// answers.
///
/// ```no_run
/// use retry_tests::redis::ThrowawayRedis;
///
/// let Some(server) = ThrowawayRedis::start() else { return };
/// let url = server.url();
/// ```
#[derive(Debug)]
pub struct ThrowawayRedis {
    program: PathBuf,
    settings: Vec<(String, String)>,
    server: Child,
    folder: TempDir,
}

impl ThrowawayRedis {
    /// Starts a server that keeps the promise of the store.
    ///
    /// `None` where Redis is not installed, after saying so on stderr: the caller returns.
    ///
    /// # Panics
    ///
    /// Where Redis is not installed and the variable `CI` is set, and where it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with other settings.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_with(settings: &[(&str, &str)]) -> Option<Self> {
        let Some(program) = find_program() else {
            report_missing();
            return None;
        };
        let folder = tempfile::Builder::new()
            .prefix("redis")
            .tempdir()
            .expect("a temporary folder");
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings: Vec<_> = settings.iter().map(owned).collect();
        let server = launch(&program, folder.path(), &settings);
        Some(Self {
            program,
            settings,
            server,
            folder,
        })
    }

    /// Starts a Sentinel that watches no server.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_sentinel() -> Option<Self> {
        let Some(program) = find_program() else {
            report_missing();
            return None;
        };
        let folder = tempfile::Builder::new().prefix("redis").tempdir();
        let folder = folder.expect("a temporary folder");
        // Its state, which it writes.
        fs::write(folder.path().join("sentinel.conf"), "").expect("written");
        let mut start = Command::new(&program);
        start.args(["sentinel.conf", "--sentinel", "--port", "0"]);
        let server = run(start, folder.path());
        Some(Self {
            program,
            settings: Vec::new(),
            server,
            folder,
        })
    }

    /// The server that tests of this process have in use at this moment, else a new one. Tests that
    /// share it use prefixes of their own.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn shared() -> Option<Arc<Self>> {
        static IN_USE: Shared<ThrowawayRedis> = Shared::new();
        IN_USE.or_start(Self::start)
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// How a client finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The id of its process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.server.id()
    }

    /// Kills it as a power failure of the process would: nothing more is written.
    ///
    /// # Panics
    ///
    /// Where it cannot be killed.
    pub fn kill(&mut self) {
        self.server.kill().expect("our own process");
        self.server.wait().expect("our own process");
    }

    /// Starts it again on what it had on its disk.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub fn start_again(&mut self) {
        self.server = launch(&self.program, self.folder.path(), &self.settings);
    }

    /// Returns the number of its connections, without the one that this request makes.
    ///
    /// # Panics
    ///
    /// As [`command`](Self::command).
    #[must_use]
    pub fn connections(&self) -> usize {
        let clients = self.command(&["CLIENT", "LIST"]);
        let all = clients
            .lines()
            .filter(|line| line.contains("addr="))
            .count();
        all - 1
    }

    /// Sends one command on a connection of its own, and gives the answer as it came.
    ///
    /// # Panics
    ///
    /// Where the server does not answer.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> String {
        command(&self.socket(), arguments).expect("an answer of the server")
    }
}

impl Drop for ThrowawayRedis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn launch(program: &Path, folder: &Path, settings: &[(String, String)]) -> Child {
    let mut start = Command::new(program);
    start
        .args(["--port", "0", "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", "always"]);
    for (name, value) in settings {
        start.arg(format!("--{name}")).arg(value);
    }
    run(start, folder)
}

/// Starts a program, and waits until it answers at its socket in the folder.
fn run(mut start: Command, folder: &Path) -> Child {
    let socket = folder.join("socket");
    // A killed server leaves it behind, and it would look ready.
    let _ = fs::remove_file(&socket);
    start
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .args(["--unixsocket", "socket"])
        .args(["--logfile", "log", "--dir", "."]);
    let mut server = start.spawn().expect("a server that can be started");
    for _ in 0..1500 {
        let ended = server.try_wait().expect("our own process");
        if let Some(status) = ended {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            panic!("no Redis server: it ended with {status}\n{log}");
        }
        // Any answer will do: a password may be asked for.
        let answer = command(&socket, &["PING"]).unwrap_or_default();
        if !answer.is_empty() && !answer.starts_with("-LOADING") {
            return server;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = server.kill();
    let _ = server.wait();
    panic!("the Redis server was not ready within 30 s");
}

/// Sends one command to the server with this socket, and gives the answer as it came.
///
/// # Errors
///
/// Where the server does not answer within ten seconds.
pub fn command(socket: &Path, arguments: &[&str]) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "*{}\r\n", arguments.len())?;
    for argument in arguments {
        write!(stream, "${}\r\n{argument}\r\n", argument.len())?;
    }
    let mut answer = vec![0; 64 * 1024];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

fn find_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = |name: &str| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    };
    program("redis-server").or_else(|| program("valkey-server"))
}

fn report_missing() {
    const MISSING: &str = "Redis is not installed; its program redis-server is in the package \
                           redis-server (Debian)";
    assert!(std::env::var_os("CI").is_none(), "{MISSING}");
    // Not by `eprintln!`, which the test harness hides when a test passes.
    let _ = writeln!(io::stderr(), "SKIPPED: {MISSING}");
}
