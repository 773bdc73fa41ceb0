//! A store with records in it, and the command to be run on it.

use std::any::Any;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Filter, Payload, Status, StoreFuture};
use retry_effects::{ActionId, EffectStore, Outcome, Reason, Record, SqliteEffectStore, Token};
use retry_tests::block_on;
use serde_json::Value;

/// Long enough that no test outlives it.
pub(super) const LONG: Duration = Duration::from_secs(3600);

/// Why what is put in doubt is so.
pub(super) const REASON: &str = "no answer from the bank";

/// A store of the test's own, which stays open in this process while the command runs.
pub(super) struct Bench {
    pub(super) store: Arc<dyn EffectStore>,
    variables: Vec<(&'static str, String)>,
    /// The folder or the server of the store, which must live as long as the bench.
    _home: Box<dyn Any>,
}

/// The exit code and the output of the command.
#[derive(Debug)]
pub(super) struct CommandOutput {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Bench {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("effects.db");
        Self {
            store: Arc::new(SqliteEffectStore::open(&path).unwrap()),
            variables: vec![("RETRY_EFFECTS_STORE", path.display().to_string())],
            _home: Box::new(folder),
        }
    }

    #[cfg(feature = "postgres")]
    pub(super) fn postgres() -> Option<Self> {
        use retry_effects::PostgresEffectStore;
        let server = retry_tests::postgres::ThrowawayPostgres::shared()?;
        let schema = fresh_name();
        let url = postgres_url(&server);
        let options = PostgresEffectStore::options().schema(&schema).pool_size(2);
        Some(Self {
            store: Arc::new(options.connect_blocking(&url).unwrap()),
            variables: vec![
                ("RETRY_EFFECTS_STORE", url),
                ("RETRY_EFFECTS_SCHEMA", schema),
            ],
            _home: Box::new(server),
        })
    }

    #[cfg(feature = "redis")]
    pub(super) fn redis() -> Option<Self> {
        use retry_effects::RedisEffectStore;
        let server = retry_tests::redis::ThrowawayRedis::shared()?;
        let prefix = fresh_name();
        let url = format!("redis+unix://{}", server.socket().display());
        let options = RedisEffectStore::options().prefix(&prefix);
        Some(Self {
            store: Arc::new(options.connect_blocking(&url).unwrap()),
            variables: vec![
                ("RETRY_EFFECTS_STORE", url),
                ("RETRY_EFFECTS_PREFIX", prefix),
            ],
            _home: Box::new(server),
        })
    }

    /// Where it is.
    pub(super) fn place(&self) -> &str {
        &self.variables[0].1
    }

    /// The command, about this store, with nobody to ask.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare_command(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> CommandOutput {
        output_of(&mut self.command(arguments))
    }

    /// Returns the output of the command, which must succeed.
    pub(super) fn answer(&self, arguments: &[&str]) -> String {
        let output_of = self.run(arguments);
        assert_eq!(
            (output_of.code, &*output_of.err),
            (0, ""),
            "{arguments:?}: {output_of:?}"
        );
        output_of.out
    }

    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.answer(&arguments)).unwrap()
    }

    /// A claim that nobody completes.
    pub(super) fn claim(&self, number: u8, lease: Duration) -> Token {
        let mut request = ClaimRequest::new(id(number), "charge");
        request.scope = Some("tenant-7".into());
        (request.lease, request.keep) = (lease, Duration::ZERO);
        let Claim::Won(token) = wait(self.store.pending(&request)) else {
            panic!("{number} is claimed already");
        };
        token
    }

    /// A record that stands there.
    pub(super) fn put(&self, number: u8, status: Status) -> Token {
        let token = self.claim(number, LONG);
        let complete = |outcome| wait(self.store.complete(&token, outcome));
        let payload = Payload::new(r#"{"receipt":7}"#);
        match status {
            Status::Success => complete(Outcome::Success(payload)),
            Status::Failed => complete(Outcome::Failed(payload)),
            Status::InDoubt => complete(Outcome::in_doubt(Some(Reason::new(REASON)))),
            Status::Released => drop(wait(self.store.release(&token))),
            _ => {}
        }
        token
    }

    /// A claim whose lease is over.
    pub(super) fn put_expired(&self, number: u8) -> Token {
        let token = self.claim(number, Duration::from_millis(1));
        self.until(number, Status::InDoubt);
        token
    }

    /// One record in each state, numbered from 1 in the order of [`Status::ALL`].
    pub(super) fn put_each(&self) -> Vec<Token> {
        let states = (1..).zip(Status::ALL.iter().copied());
        states
            .map(|(number, status)| self.put(number, status))
            .collect()
    }

    pub(super) fn record(&self, number: u8) -> Option<Record> {
        wait(self.store.get(id(number)))
    }

    pub(super) fn status(&self, number: u8) -> Option<Status> {
        self.record(number).map(|record| record.status)
    }

    /// Returns all records without the times that pass: the time since an owner ended, and the age.
    pub(super) fn everything(&self) -> Vec<Record> {
        let mut records = wait(self.store.list(&Filter::all()));
        for record in &mut records {
            record.lease_over = None;
            record.age = None;
        }
        records
    }

    fn until(&self, number: u8, status: Status) {
        for _ in 0..10_000 {
            if self.status(number) == Some(status) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("{number} is not {status} within ten seconds");
    }
}

/// The command, about no store yet.
pub(super) fn bare_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_operator"));
    command
        .args(arguments)
        .env_remove("RETRY_EFFECTS_STORE")
        .env_remove("RETRY_EFFECTS_SCHEMA")
        .env_remove("RETRY_EFFECTS_PREFIX")
        .stdin(Stdio::null());
    command
}

pub(super) fn output_of(command: &mut Command) -> CommandOutput {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    CommandOutput {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// Ids of which no two begin with the same digits.
pub(super) fn id(number: u8) -> ActionId {
    let mut bytes = [0xab; 32];
    bytes[0] = number;
    ActionId::from_bytes(bytes)
}

/// The digits that lists show of it.
pub(super) fn short(number: u8) -> String {
    id(number).to_string()[..12].to_owned()
}

/// Waits for the answer of a store.
pub(super) fn wait<T: Unpin>(answer: StoreFuture<'_, T>) -> T {
    block_on(answer).unwrap()
}

/// A text without what differs from run to run: times, ages, this fence, and how wide columns are.
pub(super) fn normal(text: &str, fences: &[&Token]) -> String {
    let words = |line: &str| {
        let words = line
            .split_whitespace()
            .map(|word| normal_word(word, fences));
        let indent = line.len() - line.trim_start().len();
        " ".repeat(indent) + &words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(|line| words(line) + "\n").collect()
}

fn normal_word(word: &str, fences: &[&Token]) -> String {
    let bare = word.trim_matches(['(', ')', ',', ';']);
    let is_span = bare.ends_with(['s', 'm', 'h'])
        && bare.starts_with(|char: char| char.is_ascii_digit() || char == '<')
        && bare.bytes().all(|byte| b"<0123456789smh".contains(&byte));
    let is_time = bare.ends_with("+00:00");
    let is_fence = fences.iter().any(|token| token.fence().to_string() == bare);
    let name = match (is_span, is_time, is_fence) {
        (true, ..) => "AGE",
        (_, true, _) => "TIME",
        (.., true) => "FENCE",
        _ => return word.to_owned(),
    };
    word.replace(bare, name)
}

#[cfg(feature = "postgres")]
pub(super) fn postgres_url(server: &retry_tests::postgres::ThrowawayPostgres) -> String {
    let folder = server
        .socket_dir()
        .display()
        .to_string()
        .replace('/', "%2F");
    let (user, port) = (server.user(), server.port());
    format!("postgres://{user}@{folder}:{port}/postgres")
}

#[cfg(any(feature = "postgres", feature = "redis"))]
pub(super) fn fresh_name() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static MADE: AtomicU32 = AtomicU32::new(0);
    format!("command_{}", MADE.fetch_add(1, Ordering::Relaxed))
}
