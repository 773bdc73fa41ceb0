//! Throwaway projects, and the CPU time of their compilers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use super::{compiler, cpu_time};

pub(crate) struct Project {
    pub(crate) name: &'static str,
    /// Its manifest's lines on dependencies.
    pub(crate) dependencies: String,
}

/// The CPU time of a build.
pub(crate) struct Built {
    pub(crate) name: &'static str,
    pub(crate) total: f64,
    /// CPU seconds by crate, the costliest first.
    pub(crate) crates: Vec<(String, f64)>,
}

impl Built {
    pub(crate) fn seconds_of(&self, name: &str) -> f64 {
        let found = self.crates.iter().find(|(one, _)| one == name);
        found.map_or(0.0, |(_, seconds)| *seconds)
    }
}

impl Project {
    /// Builds it in release mode with one job and nothing cached but the sources.
    pub(crate) fn build(&self) -> io::Result<Built> {
        let folder = Folder::new(self.name)?;
        let root = &folder.0;
        let log = root.join("log");
        fs::create_dir(root.join("src"))?;
        fs::write(root.join("src/main.rs"), "fn main() {}\n")?;
        fs::write(
            root.join("Cargo.toml"),
            format!(
                "[package]\nname = \"throwaway\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                 [dependencies]\n{}\n[workspace]\n",
                self.dependencies
            ),
        )?;
        copy_lock(root)?;
        let before = cpu_time::of_children();
        cargo(root, &log, &["build", "--release", "-j1"])?;
        let total = before
            .zip(cpu_time::of_children())
            .map(|(before, after)| after - before)
            .ok_or_else(|| io::Error::other("/proc does not tell the CPU time"))?;
        Ok(Built {
            name: self.name,
            total,
            crates: by_crate(&fs::read_to_string(log)?),
        })
    }
}

/// Takes the versions that this workspace is tested with.
pub(crate) fn copy_lock(root: &Path) -> io::Result<()> {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    fs::copy(lock, root.join("Cargo.lock")).map(drop)
}

/// Runs cargo, whose compilers write their CPU time to `log`.
pub(crate) fn cargo(root: &Path, log: &Path, arguments: &[&str]) -> io::Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--quiet"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("RUSTC_WRAPPER", env::current_exe()?)
        .env(compiler::LOG, log)
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("the build failed"))
    }
}

/// Sums the log's lines; a crate's build script counts with the others of that name.
pub(crate) fn by_crate(log: &str) -> Vec<(String, f64)> {
    let mut seconds: BTreeMap<&str, f64> = BTreeMap::new();
    for line in log.lines() {
        if let Some((name, one)) = line.split_once(' ')
            && let Ok(one) = one.parse::<f64>()
        {
            *seconds.entry(name).or_default() += one;
        }
    }
    let mut crates: Vec<_> = seconds
        .into_iter()
        .map(|(name, seconds)| (name.to_owned(), seconds))
        .collect();
    crates.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    crates
}

/// A temporary folder, removed with all that was built in it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let folder = format!("retry-build-cost-{name}-{}", std::process::id());
        let folder = env::temp_dir().join(folder);
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Files left behind in a temporary folder do no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
