//! [`StoreAddress`]: the address of the store, from the command line and the environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use super::failure::Failure;
use super::secrets::hidden;
use super::shell_quoting::quoted;
use super::store_arguments::StoreArguments;
use crate::protocol::plain::plain;
use crate::stores::libpq;

const STORE: &str = "RETRY_EFFECTS_STORE";
const SCHEMA: &str = "RETRY_EFFECTS_SCHEMA";
const PREFIX: &str = "RETRY_EFFECTS_PREFIX";

/// The address of a store.
#[derive(Debug)]
pub(super) struct StoreAddress {
    pub(super) kind: StoreKind,
    /// The flags for this store on a command line, without the values of the environment.
    flags: String,
    hides_password: bool,
}

/// The kind of store, and its address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StoreKind {
    Sqlite(PathBuf),
    Postgres { url: String, schema: Option<String> },
    Redis { url: String, prefix: Option<String> },
}

impl StoreAddress {
    /// Takes the address from the command line, else from the environment.
    pub(super) fn of(arguments: StoreArguments) -> Result<Self, Failure> {
        Self::with(arguments, |name| {
            std::env::var_os(name).filter(|value| !value.is_empty())
        })
    }

    fn with(
        arguments: StoreArguments,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let flags = flags(&arguments);
        let StoreArguments {
            store,
            schema,
            prefix,
        } = arguments;
        let named = store.is_some();
        let address = store.or_else(|| environment(STORE)).ok_or_else(|| {
            Failure::usage(
                "no_store",
                format!(
                    "no store is given: pass `--store PATH` (SQLite) or `--store URL` (postgres://.., \
                     `host=.. user=..`, redis://..), or set {STORE}"
                ),
            )
        })?;
        let mut kind = StoreKind::read(&address)?;
        let text = |name: &str| environment(name).map(|value| value.to_string_lossy().into_owned());
        match (&mut kind, schema, prefix) {
            (StoreKind::Postgres { schema, .. }, given, None) => {
                *schema = given.or_else(|| text(SCHEMA));
            }
            (StoreKind::Redis { prefix, .. }, None, given) => {
                *prefix = given.or_else(|| text(PREFIX));
            }
            (StoreKind::Sqlite(_), None, None) => {}
            (_, Some(_), _) => return Err(misplaced("--schema", "Postgres", &kind)),
            (_, _, Some(_)) => return Err(misplaced("--prefix", "Redis", &kind)),
        }
        let hides_password = named
            && address
                .to_str()
                .is_some_and(|address| hidden(address) != address);
        Ok(Self {
            kind,
            flags,
            hides_password,
        })
    }

    /// Returns the flags of a command for this store, each after a space. An address with a
    /// password is left out.
    pub(super) fn flags(&self) -> &str {
        &self.flags
    }

    /// Whether an address with a password was left out of the flags.
    pub(super) fn hides_password(&self) -> bool {
        self.hides_password
    }
}

/// Shows the address without passwords.
impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            StoreKind::Sqlite(path) => f.write_str(&plain(&path.to_string_lossy())),
            StoreKind::Postgres { url, schema: of } | StoreKind::Redis { url, prefix: of } => {
                f.write_str(&plain(&hidden(url)))?;
                of.as_ref()
                    .map_or(Ok(()), |of| write!(f, " ({})", plain(of)))
            }
        }
    }
}

impl StoreKind {
    fn read(address: &OsStr) -> Result<Self, Failure> {
        let text = address.to_string_lossy();
        if let Some(path) = text.strip_prefix("sqlite:") {
            return match address.to_str() {
                Some(_) => Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into())),
                None => Err(invalid_address(
                    "it is not Unicode; name its file without `sqlite:`",
                )),
            };
        }
        let is_url = text.contains("://");
        if !is_url && !libpq::is_address(&text) {
            // A path, unless it may be a mistyped address, which is not shown.
            let path = PathBuf::from(address);
            return if hidden(&text) == text || path.exists() {
                Ok(Self::Sqlite(path))
            } else {
                Err(invalid_address(
                    "it is neither an existing file nor an address",
                ))
            };
        }
        if address.to_str().is_none() {
            return Err(invalid_address("it is not Unicode"));
        }
        let scheme = text
            .split_once("://")
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        let url = text.into_owned();
        match scheme.as_deref() {
            None | Some("postgres" | "postgresql") => Ok(Self::Postgres { url, schema: None }),
            Some(
                "redis" | "rediss" | "redis+unix" | "unix" | "valkey" | "valkeys" | "valkey+unix",
            ) => Ok(Self::Redis { url, prefix: None }),
            Some(scheme) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Err(
                invalid_address(&format!("{scheme}:// is not the scheme of a known store")),
            ),
            Some(_) => Err(invalid_address("its scheme is not that of a known store")),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres { .. } => "Postgres",
            Self::Redis { .. } => "Redis",
        }
    }
}

/// Returns the error for an invalid address, without the address: it may hold a password.
fn invalid_address(why: &str) -> Failure {
    Failure::usage(
        "bad_store",
        format!(
            "the address of the store is wrong: {why}; it must be the path of a SQLite file, \
             postgres://.., `host=.. user=.. dbname=..`, redis://.., rediss://.. or redis+unix://.."
        ),
    )
}

fn misplaced(flag: &str, of: &str, kind: &StoreKind) -> Failure {
    let message = format!("{flag} is for {of}, and the store is in {}", kind.name());
    Failure::usage("bad_store", message)
}

/// Returns the flags for the same store on another command line, without an address that has a
/// password.
fn flags(arguments: &StoreArguments) -> String {
    let store = arguments.store.as_deref().map(OsStr::to_string_lossy);
    let store = store.filter(|store| hidden(store) == *store);
    let flags = [
        ("--store", store.as_deref()),
        ("--schema", arguments.schema.as_deref()),
        ("--prefix", arguments.prefix.as_deref()),
    ];
    let given = flags
        .iter()
        .filter_map(|(flag, value)| Some((flag, (*value)?)));
    given
        .map(|(flag, value)| format!(" {flag} {}", quoted(value)))
        .collect()
}

#[cfg(test)]
mod tests;
