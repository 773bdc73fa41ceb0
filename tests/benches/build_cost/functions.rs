//! Two hundred functions that retry: loops by hand, our attribute, and backon's, each a crate of its own.
//! Each crate is checked several times, in turn with the others, so that a busy machine slows all of them.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use super::project::{self, Folder};

/// The functions of a crate.
const FUNCTIONS: usize = 200;

/// How often each crate is checked.
const ROUNDS: usize = 9;

/// One crate.
pub(crate) struct Functions {
    pub(crate) name: &'static str,
    pub(crate) is_async: bool,
    dependencies: &'static [&'static str],
    /// The lines before each function.
    attribute: &'static str,
    body: Body,
}

enum Body {
    Call,
    /// A loop that logs and draws its waits in place.
    Loop,
    /// A loop that leaves both to a function.
    ShortLoop,
}

/// The CPU seconds of a crate's checks, the least first.
pub(crate) type Seconds = Vec<f64>;

const BACKON_ASYNC: &str =
    "#[backon_macros::backon(backoff = policy, when = Fault::is_transient, notify = log)]";

const BACKON_SYNC: &str = "#[backon_macros::backon(backoff = policy, sleep = std::thread::sleep, \
    when = Fault::is_transient, notify = log)]";

/// The crates, the bodies alone and the loops by hand first.
pub(crate) const CRATES: [Functions; 10] = [
    of("(bodies alone)", true, &[], "", Body::Call),
    of(
        "loops by hand",
        true,
        &["fastrand", "tokio", "tracing"],
        "",
        Body::Loop,
    ),
    of(
        "the same, sharing functions",
        true,
        &["fastrand", "tokio", "tracing"],
        "",
        Body::ShortLoop,
    ),
    of(
        "#[retry_worker]",
        true,
        &["retry-core"],
        "#[retry_core::retry_worker]",
        Body::Call,
    ),
    of(
        "#[backon]",
        true,
        &["backon", "backon-macros", "tracing"],
        BACKON_ASYNC,
        Body::Call,
    ),
    of("(bodies alone)", false, &[], "", Body::Call),
    of(
        "loops by hand",
        false,
        &["fastrand", "tracing"],
        "",
        Body::Loop,
    ),
    of(
        "the same, sharing functions",
        false,
        &["fastrand", "tracing"],
        "",
        Body::ShortLoop,
    ),
    of(
        "#[retry_worker]",
        false,
        &["retry-core"],
        "#[retry_core::retry_worker]",
        Body::Call,
    ),
    of(
        "#[backon]",
        false,
        &["backon", "backon-macros", "tracing"],
        BACKON_SYNC,
        Body::Call,
    ),
];

const fn of(
    name: &'static str,
    is_async: bool,
    dependencies: &'static [&'static str],
    attribute: &'static str,
    body: Body,
) -> Functions {
    Functions {
        name,
        is_async,
        dependencies,
        attribute,
        body,
    }
}

/// Checks all crates, and returns the seconds of each.
pub(crate) fn check() -> io::Result<[Seconds; CRATES.len()]> {
    let folder = Folder::new("functions")?;
    let root = &folder.0;
    let members: Vec<String> = (0..CRATES.len()).map(package).collect();
    fs::write(
        root.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
    )?;
    project::copy_lock(root)?;
    for (at, functions) in CRATES.iter().enumerate() {
        functions.write(&root.join(package(at)), &package(at))?;
    }
    project::cargo(root, &root.join("warm-up"), &["check", "--workspace"])?;
    let mut seconds = CRATES.map(|_| Seconds::new());
    for round in 0..ROUNDS {
        for (at, functions) in CRATES.iter().enumerate() {
            let package = package(at);
            functions.write_source(&root.join(&package))?;
            let log = root.join(format!("log-{round}-{package}"));
            project::cargo(root, &log, &["check", "-p", &package])?;
            let spent = project::by_crate(&fs::read_to_string(log)?);
            seconds[at].push(spent.iter().map(|(_, seconds)| seconds).sum());
        }
    }
    for one in &mut seconds {
        one.sort_by(f64::total_cmp);
    }
    Ok(seconds)
}

fn package(at: usize) -> String {
    format!("functions_{at}")
}

impl Functions {
    fn write(&self, folder: &Path, package: &str) -> io::Result<()> {
        let mut manifest = format!(
            "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n"
        );
        for dependency in self.dependencies {
            let line = match *dependency {
                "backon" => "\"1.6\"".to_owned(),
                "backon-macros" => "\"1\"".to_owned(),
                "fastrand" => "\"2\"".to_owned(),
                "retry-core" => {
                    let core = concat!(env!("CARGO_MANIFEST_DIR"), "/../../retry-core");
                    format!("{{ package = \"retry-annotated\", path = {core:?} }}")
                }
                "tokio" => "{ version = \"1\", features = [\"time\"] }".to_owned(),
                _ => "\"0.1\"".to_owned(),
            };
            let _ = writeln!(manifest, "{dependency} = {line}");
        }
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("Cargo.toml"), manifest)?;
        self.write_source(folder)
    }

    /// Writes the source, which makes it newer than what was checked.
    fn write_source(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join("src/lib.rs"), self.source())
    }

    fn source(&self) -> String {
        let (asyncness, awaited) = if self.is_async {
            ("async ", ".await")
        } else {
            ("", "")
        };
        let mut source = HEAD.replace("async ", asyncness);
        if self.dependencies.contains(&"retry-core") {
            source.push_str(CLASSIFY);
        }
        if matches!(self.body, Body::ShortLoop) {
            source.push_str(NEXT_WAIT);
        }
        if self.dependencies.contains(&"backon") {
            source.push_str(POLICY);
        }
        for number in 0..FUNCTIONS {
            let call = format!("client.fetch(key + {number}){awaited}");
            let sleep = if self.is_async {
                "tokio::time::sleep(wait).await"
            } else {
                "std::thread::sleep(wait)"
            };
            let body = match self.body {
                Body::Call => call,
                Body::Loop => LOOP.replace("CALL", &call).replace("SLEEP", sleep),
                Body::ShortLoop => SHORT_LOOP.replace("CALL", &call).replace("SLEEP", sleep),
            };
            let _ = write!(
                source,
                "\n{}\npub {asyncness}fn load_{number}(client: &Client, key: u64) -> Result<u64, Fault> {{\n    \
                 {body}\n}}\n",
                self.attribute
            );
        }
        source
    }
}

const HEAD: &str = r#"#![allow(unused_imports, reason = "each crate needs some of them")]
use std::fmt;
use std::time::Duration;

pub struct Client(u64);

impl Client {
    pub async fn fetch(&self, key: u64) -> Result<u64, Fault> {
        if key > self.0 { Err(Fault::Reset) } else { Ok(key) }
    }
}

#[derive(Debug)]
pub enum Fault {
    Reset,
    Denied,
}

impl Fault {
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Reset)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Fault {}
"#;

const CLASSIFY: &str = "
impl retry_core::Classify for Fault {
    fn classify(&self) -> retry_core::Judgement {
        self.is_transient().into()
    }
}
";

const POLICY: &str = "
fn policy() -> backon::ExponentialBuilder {
    backon::ExponentialBuilder::new().with_max_times(4).with_jitter()
}

fn log(error: &Fault, wait: Duration) {
    tracing::warn!(%error, ?wait, \"retrying\");
}
";

const LOOP: &str = r#"let mut attempt = 1;
    let mut step = Duration::from_millis(500);
    loop {
        let error = match CALL {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if attempt >= 5 || !error.is_transient() {
            return Err(error);
        }
        let wait = step.mul_f64(0.5 + fastrand::f64() / 2.0);
        tracing::warn!(attempt, ?wait, %error, "retrying");
        SLEEP;
        step = (step * 2).min(Duration::from_secs(5));
        attempt += 1;
    }"#;

const NEXT_WAIT: &str = r#"
fn next_wait(attempt: u32, error: &Fault) -> Duration {
    let step = Duration::from_millis(500 << attempt.min(4)).min(Duration::from_secs(5));
    let wait = step.mul_f64(0.5 + fastrand::f64() / 2.0);
    tracing::warn!(attempt, ?wait, %error, "retrying");
    wait
}
"#;

const SHORT_LOOP: &str = "let mut attempt = 1;
    loop {
        let error = match CALL {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if attempt >= 5 || !error.is_transient() {
            return Err(error);
        }
        let wait = next_wait(attempt, &error);
        SLEEP;
        attempt += 1;
    }";
