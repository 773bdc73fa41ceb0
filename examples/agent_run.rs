//! An agent's run that is killed in the middle (`kill -9`), resumed, and finished: no finished step
//! runs again.
//!
//! ```text
//! cargo run -p retry-examples --bin agent_run
//! ```
//!
//! Each tool is a gated function, and the run's id is their scope: the same step of the same run is
//! the same action, in any process. No other state of a run is kept; a run is resumed by calling it
//! again. The policy of each tool for a record in doubt follows from its effect: a search may be
//! made twice, a mail may not, and the bank recognizes its customer's keys. Effects are counted in
//! a file that this library neither reads nor writes.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod child;
mod timeline;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, process};

use retry_core::{retry_api, retry_storage};
use retry_effects::{
    Probe, SqliteEffectStore, current_action, current_scope, in_current_scope, set_default_store,
    with_scope,
};
use tokio::time::sleep;
use tracing::Level;

/// Reads only: an action in doubt runs again.
#[retry_api(
    idempotent = true,
    name = "search",
    key(query),
    skip(world),
    lease = "1s",
    in_doubt = "reexecute"
)]
async fn search(world: Arc<World>, query: &'static str) -> Result<String, ToolError> {
    world.happens(&format!("search {query}"))?;
    if query.starts_with("weather") {
        world.may_end("search: asked, and no answer yet").await;
    }
    Ok(format!("all about {query}"))
}

/// Writes the same bytes into the same place each time. The text is the action's fingerprint: a run
/// with another text under this name gets an error.
#[retry_storage(
    idempotent = true,
    name = "write_file",
    key(name),
    skip(world),
    lease = "1s",
    in_doubt = "reexecute"
)]
async fn write_file(world: Arc<World>, name: &'static str, text: String) -> Result<(), ToolError> {
    world.happens(&format!("write_file {name}"))?;
    fs::write(world.folder.join(name), text)?;
    Ok(())
}

/// A mail cannot be called back, but the outbox shows whether it was sent.
#[retry_api(
    idempotent = true,
    name = "send_mail",
    key(to, subject),
    skip(world),
    lease = "1s",
    probe = |world, to, subject| look_into_outbox(world, to, subject)
)]
async fn send_mail(
    world: Arc<World>,
    to: &'static str,
    subject: &'static str,
) -> Result<(), ToolError> {
    world.happens(&format!("send_mail {to} {subject}"))?;
    world.may_end("send_mail: sent, and not recorded yet").await;
    Ok(())
}

async fn look_into_outbox(world: &World, to: &str, subject: &str) -> Probe<()> {
    println!("   the outbox is looked into");
    match world.times(&format!("send_mail {to} {subject}")) {
        Ok(0) => Probe::NotApplied,
        Ok(_) => Probe::Applied(()),
        Err(_) => Probe::Unknown,
    }
}

/// The bank takes a key with each payment, and does not take the same payment twice. The action's
/// id is such a key: it is the same in every attempt at this step of this run.
#[retry_api(
    idempotent = true,
    name = "charge",
    key(what),
    skip(world),
    lease = "1s",
    in_doubt = "reexecute"
)]
async fn charge(world: Arc<World>, what: &'static str, cents: u64) -> Result<String, ToolError> {
    let action = current_action().ok_or("not in a gated body")?;
    let payment = format!("charge {what} {cents} key={}", action.id());
    if world.times(&payment)? == 0 {
        world.happens(&payment)?;
    } else {
        println!("   the bank knows this key, and gives the same receipt");
    }
    world.may_end("charge: booked, and not recorded yet").await;
    Ok(format!("receipt for {what}"))
}

/// The error of a tool, as a text.
type ToolError = Box<dyn std::error::Error + Send + Sync>;

/// The agent's run: a search, a note, three tools at once, a file.
async fn run(world: &Arc<World>) -> Result<String, ToolError> {
    let flights = search(world.clone(), "flights to Porto").await?;
    write_file(world.clone(), "notes.txt", flights).await?;

    // Tasks do not inherit the scope; `in_current_scope` passes it on.
    let weather = tokio::spawn(in_current_scope(search(world.clone(), "weather in Porto")));
    let receipt = tokio::spawn(in_current_scope(charge(world.clone(), "flight", 12_900)));
    let mail = send_mail(world.clone(), "ana@example.org", "we fly");
    let mail = tokio::spawn(in_current_scope(mail));
    let (weather, receipt, mail) = tokio::try_join!(weather, receipt, mail)?;
    let plan = format!("{}; {}", weather?, receipt?);
    mail?;

    write_file(world.clone(), "plan.txt", plan.clone()).await?;
    Ok(plan)
}

#[tokio::main]
async fn main() -> Result<(), ToolError> {
    if let Some(folder) = env::args_os().nth(1) {
        let world = World::new(Path::new(&folder), true)?;
        with_scope("run-1", run(&world)).await?;
        return Ok(());
    }
    let folder = env::temp_dir().join(format!("retry-agent-run-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let shown = show(&folder).await;
    fs::remove_dir_all(&folder)?;
    shown
}

async fn show(folder: &Path) -> Result<(), ToolError> {
    println!("1. A child process begins run-1, and is killed in the middle of three tools:\n");
    let path = folder.to_str().ok_or("the folder's name is no text")?;
    child::run_and_kill([path], 3)?;

    println!(
        "\n2. run-1 is resumed: what is recorded is replayed; where a record is in doubt, the"
    );
    println!("   search is made again, the bank gets the same key again, the outbox is asked.\n");
    let world = World::new(folder, false)?;
    let before = world.effects()?.len();
    timeline::start(Level::DEBUG);
    let plan = with_scope("run-1", run(&world)).await?;
    println!("\n   -> {plan}");
    let added = world.effects()?.split_off(before);
    let again = "run-1 search weather in Porto".to_owned();
    assert_eq!(added, [again, "run-1 write_file plan.txt".to_owned()]);

    println!("\n3. run-1 once more: all of it is replayed.\n");
    let before = world.effects()?.len();
    assert_eq!(with_scope("run-1", run(&world)).await?, plan);
    assert_eq!(world.effects()?.len(), before);

    println!("\n4. run-2 is another run, and does everything itself:\n");
    with_scope("run-2", run(&world)).await?;

    println!("\n   effects                          run-1  run-2");
    for (step, expected) in [
        ("search flights to Porto", [1, 1]),
        ("write_file notes.txt", [1, 1]),
        // The search runs again after the kill: it only reads.
        ("search weather in Porto", [2, 1]),
        ("charge flight", [1, 1]),
        ("send_mail ana@example.org we fly", [1, 1]),
        ("write_file plan.txt", [1, 1]),
    ] {
        let mut times = [0; 2];
        for (run, times) in ["run-1", "run-2"].into_iter().zip(&mut times) {
            *times = with_scope(run, async { world.times(step) }).await?;
        }
        println!("   {step:<33}{:<7}{}", times[0], times[1]);
        assert_eq!(times, expected, "{step}");
    }
    Ok(())
}

/// The world on which the tools act, with the list of their effects.
struct World {
    folder: PathBuf,
    /// Whether this process is killed at the marked places.
    dies: bool,
}

impl World {
    /// Opens the world in a folder, which also holds the records of its actions.
    fn new(folder: &Path, dies: bool) -> Result<Arc<Self>, ToolError> {
        set_default_store(SqliteEffectStore::open(folder.join("effects.db"))?)?;
        let folder = folder.to_path_buf();
        Ok(Arc::new(Self { folder, dies }))
    }

    /// Adds an effect to the list, in the current run.
    fn happens(&self, what: &str) -> io::Result<()> {
        if self.dies {
            println!("{what}");
        }
        let path = self.folder.join("effects");
        let mut effects = OpenOptions::new().append(true).create(true).open(path)?;
        // One write, so that tools that run at the same time do not mix their lines.
        effects.write_all(format!("{} {what}\n", own_run()?).as_bytes())?;
        effects.sync_all()
    }

    /// Returns the number of times that the effect has happened in the current run.
    fn times(&self, what: &str) -> io::Result<usize> {
        let what = format!("{} {what}", own_run()?);
        let effects = self.effects()?;
        Ok(effects
            .iter()
            .filter(|line| line.starts_with(&what))
            .count())
    }

    /// Returns all effects so far, in order.
    fn effects(&self) -> io::Result<Vec<String>> {
        let effects = fs::read_to_string(self.folder.join("effects"))?;
        Ok(effects.lines().map(str::to_owned).collect())
    }

    /// Waits here for the kill, in a process that is to be killed.
    async fn may_end(&self, place: &str) {
        if self.dies {
            println!("{place} …");
            sleep(child::LIFE).await;
        }
    }
}

/// Returns the run that this code works for.
fn own_run() -> io::Result<Arc<str>> {
    current_scope().ok_or_else(|| io::Error::other("this works for no run"))
}
