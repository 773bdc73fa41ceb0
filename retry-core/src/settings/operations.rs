//! Operation variables that no operation requests: a mistyped name is found here, or nowhere.
//!
//! Operations become known as they run, so a variable without one may belong to an operation that runs
//! later. A WARN is useful only where an operation of almost the same name is known.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::observer_flags;
use super::retry_settings::RetrySettings;
use super::{slot, spelling};
use crate::settings::names::operation_key;

/// The operations and variables that this process has seen, by their names in variables.
struct KnownOperations {
    /// Operations that have requested their settings.
    operations: BTreeSet<String>,
    /// Variables already warned of.
    warned: BTreeSet<String>,
}

static KNOWN: Mutex<KnownOperations> = Mutex::new(KnownOperations {
    operations: BTreeSet::new(),
    warned: BTreeSet::new(),
});

impl RetrySettings {
    /// Returns the operation variables (`RETRY__OP__…`) that no operation of this process has
    /// requested so far, in order: mistyped names, and names of operations that have not run yet.
    ///
    /// An annotated function requests its variables at its first failure or, where these settings
    /// are [installed](Self::install), at its first call; calls without an attribute never do. So
    /// call this after the program has worked for a while, or at its end. Without it, a WARN
    /// reports a variable once, when an operation runs whose name differs by a letter or two.
    ///
    /// # Examples
    ///
    /// ```
    /// use retry_core::{RetrySettings, retry_api};
    ///
    /// #[retry_api]
    /// fn charge() -> Result<(), String> {
    ///     Ok(())
    /// }
    ///
    /// let settings = RetrySettings::from_vars([
    ///     ("RETRY__OP__CHARGE__MAX_ATTEMPTS", "2"),
    ///     ("RETRY__OP__REFUND_ALL__MAX_ATTEMPTS", "2"),
    /// ])?;
    /// settings.clone().install();
    /// charge()?;
    /// assert_eq!(settings.unused(), ["RETRY__OP__REFUND_ALL__MAX_ATTEMPTS"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let known = lock_known();
        let unused = self.unused_by(&known.operations);
        unused.map(|(variable, _)| variable.to_owned()).collect()
    }

    /// Returns the variables that none of these operations requests, each with its operation.
    fn unused_by<'a>(
        &'a self,
        operations: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let variables = self.operation_variables.iter();
        variables
            .filter(|(_, operation)| !operations.contains(*operation))
            .map(|(variable, operation)| (&**variable, &**operation))
    }

    /// Returns the variables that almost name an operation that runs.
    fn mistyped(&self, operations: &BTreeSet<String>) -> Vec<Mistyped> {
        let has_variables = |operation: &str| {
            let mut of = self.operation_variables.values();
            of.any(|of| of == operation)
        };
        let candidates = operations
            .iter()
            .filter(|operation| !has_variables(operation));
        let unused = self.unused_by(operations);
        unused
            .filter_map(|(variable, operation)| {
                let meant =
                    spelling::suggestion(operation, candidates.clone().map(|name| &**name))?;
                Some(Mistyped {
                    variable: variable.to_owned(),
                    meant: meant.to_owned(),
                })
            })
            .collect()
    }
}

/// A variable, and the operation that it was meant for.
struct Mistyped {
    variable: String,
    meant: String,
}

/// Records that an operation requests its settings; its first request checks the variables.
pub(crate) fn register(name: &str) {
    let is_new = lock_known().operations.insert(operation_key(name));
    if is_new {
        check_variables();
    }
}

/// Checks the settings in force for variables to warn of, and whether successes are to be observed for
/// operation names. Does nothing if none are in force: their installation checks again.
pub(super) fn check_variables() {
    let mistyped = {
        let mut known = lock_known();
        // Read under the lock, so that the last check has the newest settings.
        let Some(settings) = slot::present() else {
            return;
        };
        let KnownOperations { operations, warned } = &mut *known;
        let any = settings.unused_by(operations).next().is_some();
        observer_flags::set(observer_flags::UNUSED_VARIABLES, any);
        let mut mistyped = settings.mistyped(operations);
        mistyped.retain(|mistyped| warned.insert(mistyped.variable.clone()));
        mistyped
    };
    // No lock is held: a subscriber may call an annotated function.
    if !mistyped.is_empty() {
        warn_of(&mistyped);
    }
}

fn warn_of(mistyped: &[Mistyped]) {
    let variables: Vec<_> = mistyped.iter().map(|one| &*one.variable).collect();
    let meant: BTreeSet<_> = mistyped.iter().map(|one| &*one.meant).collect();
    let (variables, meant) = (
        variables.join(", "),
        meant.into_iter().collect::<Vec<_>>().join(", "),
    );
    tracing::warn!(
        target: "retry",
        variables,
        "No operation uses {variables}: is {meant} meant?"
    );
}

fn lock_known() -> MutexGuard<'static, KnownOperations> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistyped(variables: &[&str], operations: &[&str]) -> Vec<(String, String)> {
        let variables = variables.iter().map(|name| (*name, "2"));
        let settings = RetrySettings::from_vars(variables).expect("good settings");
        let operations = operations.iter().map(|name| operation_key(name)).collect();
        let found = settings.mistyped(&operations).into_iter();
        found.map(|one| (one.variable, one.meant)).collect()
    }

    #[test]
    fn a_name_that_is_almost_an_operations_is_mistyped() {
        let found = mistyped(
            &[
                "RETRY__OP__CHRAGE__MAX_ATTEMPTS",
                "RETRY__OP__CHRAGE__BUDGET_BURST",
                "RETRY__OP__LOAD_TASK__MAX_WAIT",
                "RETRY__API_MAX_ATTEMPTS",
            ],
            &["charge", "load_task", "send"],
        );
        let expected = [
            ("RETRY__OP__CHRAGE__BUDGET_BURST", "CHARGE"),
            ("RETRY__OP__CHRAGE__MAX_ATTEMPTS", "CHARGE"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn an_operation_that_has_not_run_yet_is_none() {
        for operations in [&["load_task"][..], &["send"], &[]] {
            assert_eq!(
                mistyped(&["RETRY__OP__CHARGE__MAX_ATTEMPTS"], operations),
                []
            );
        }
        // The operation that runs has variables of its own, so the other name is another operation.
        let variables = [
            "RETRY__OP__CHARGE__MAX_WAIT",
            "RETRY__OP__CHARGES__MAX_WAIT",
        ];
        assert_eq!(mistyped(&variables, &["charge"]), []);
    }
}
