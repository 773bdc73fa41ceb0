//! A published crate, unpacked where it can be changed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use serde_json::Value;

use crate::diagnostic::Diagnostic;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A crate of the registry, with the features that compile most of it.
pub(crate) struct Published {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    features: &'static str,
}

const fn published(name: &'static str, version: &'static str, features: &'static str) -> Published {
    Published {
        name,
        version,
        features,
    }
}

/// Crates that talk to something that can fail.
pub(crate) const CRATES: [Published; 11] = [
    published(
        "redis",
        "1.8.1",
        "tokio-comp,connection-manager,cluster-async,sentinel",
    ),
    published("tokio-postgres", "0.7.18", "default"),
    published("sqlx-postgres", "0.9.0", "json,migrate"),
    published("sqlx-core", "0.9.0", "_rt-tokio,json,migrate,any"),
    published(
        "rusqlite",
        "0.39.0",
        "bundled,cache,backup,blob,collation,functions,hooks,limits,load_extension,trace,vtab,window",
    ),
    published("object_store", "0.14.2", "default"),
    published("deadpool", "0.13.1", "default"),
    published("deadpool-postgres", "0.14.2", "default"),
    published(
        "reqwest",
        "0.13.5",
        "json,blocking,multipart,stream,cookies",
    ),
    published("apalis-core", "1.0.0", "default,serde,task-context"),
    published("underway", "0.2.0", ""),
];

/// An unpacked crate.
pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    features: &'static str,
    target: PathBuf,
}

impl Package {
    /// Fetches the crate, and copies it to a folder where it depends on `retry-core`.
    pub(crate) fn unpack(published: &Published) -> io::Result<Self> {
        let Published { name, version, .. } = published;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| Path::new(WORKSPACE).join("target"), PathBuf::from)
            .join("real_code");
        let fetched = target.join("fetched").join(name);
        let manifest = format!(
            "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\n{name} = {{ version = \"={version}\", default-features = false }}\n"
        );
        fs::create_dir_all(fetched.join("src"))?;
        fs::write(fetched.join("src/lib.rs"), "")?;
        fs::write(fetched.join("Cargo.toml"), manifest)?;
        let metadata = cargo(&fetched, &["metadata", "--format-version", "1"])?;
        let metadata: Value = serde_json::from_slice(&metadata)?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let source = packages
            .filter(|it| it["name"] == *name && it["version"] == *version)
            .find_map(|it| Path::new(it["manifest_path"].as_str()?).parent())
            .ok_or_else(|| io::Error::other("cargo did not fetch it"))?;

        let folder = target.join("annotated").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        copy(source, &folder)?;
        let manifest = folder.join("Cargo.toml");
        fs::write(&manifest, adapted(&fs::read_to_string(&manifest)?))?;
        Ok(Self {
            folder,
            features: published.features,
            target: target.join("build"),
        })
    }

    /// Compiles the crate, and returns its errors and warnings.
    pub(crate) fn check(&self) -> io::Result<Vec<Diagnostic>> {
        let output = Command::new(env!("CARGO"))
            .args([
                "check",
                "--lib",
                "--message-format=json",
                "--no-default-features",
            ])
            .args(["--features", self.features])
            .arg("--target-dir")
            .arg(&self.target)
            .current_dir(&self.folder)
            .stderr(Stdio::piped())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let found: Vec<_> = text.lines().filter_map(Diagnostic::parse).collect();
        if !output.status.success() && !found.iter().any(|it| it.is_error) {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(io::Error::other(reason));
        }
        Ok(found)
    }
}

/// Returns the manifest without what only its own tests need, and with `retry-core`.
fn adapted(manifest: &str) -> String {
    let mut kept = String::new();
    let mut is_kept = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            let is_test = ["[[bench]]", "[[test]]", "[[example]]"].contains(&line);
            is_kept = !is_test && !line.contains("dev-dependencies") && line != "[workspace]";
        }
        if is_kept {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let path = Path::new(WORKSPACE).join("retry-core");
    kept + &format!("\n[dependencies.retry-annotated]\npath = {path:?}\n\n[workspace]\n")
}

fn cargo(folder: &Path, arguments: &[&str]) -> io::Result<Vec<u8>> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(folder)
        .output()?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(reason));
    }
    Ok(output.stdout)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.file_name() != "Cargo.lock" {
            fs::write(&target, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
