//! Operation variables that set nothing: no operation requests them, or it lacks the guard that they tune. A
//! mistyped name is found here, or nowhere.
//!
//! Operations become known as they run, so a variable without one may belong to an operation that runs
//! later. A WARN is useful only where an operation of almost the same name is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::guard_variables::TunedGuard;
use super::observer_flags;
use super::retry_settings::RetrySettings;
use super::{slot, spelling};
use crate::settings::names::operation_key;

/// The operations and variables that this process has seen, by their names in variables.
struct KnownOperations {
    operations: Operations,
    /// Variables already warned of.
    warned: BTreeSet<String>,
}

/// Operations that have requested their settings, with their guards that variables tune.
type Operations = BTreeMap<String, BTreeSet<TunedGuard>>;

static KNOWN: Mutex<KnownOperations> = Mutex::new(KnownOperations {
    operations: Operations::new(),
    warned: BTreeSet::new(),
});

impl RetrySettings {
    /// Returns the operation variables (`RETRY__OP__…`) that no operation of this process has
    /// requested so far, in order: mistyped names, names of operations that have not run yet, and variables of a
    /// guard that the operation's attribute does not request (`…__CIRCUIT_WINDOW` without `circuit_breaker`).
    ///
    /// An annotated function requests its variables at its first failure or, where these settings
    /// are [installed](Self::install), at its first call; calls without an attribute never do. So
    /// call this after the program has worked for a while, or at its end. Without it, a WARN
    /// reports a variable once, when an operation runs whose name differs by a letter or two, or that lacks the
    /// guard.
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
        unused.map(|unused| unused.variable.to_owned()).collect()
    }

    /// Returns the variables that set nothing of these operations.
    fn unused_by<'a>(&'a self, operations: &'a Operations) -> impl Iterator<Item = Unused<'a>> {
        let variables = self.operation_variables.iter();
        variables.filter_map(|(variable, operation)| {
            let missing = match operations.get(operation) {
                None => None,
                Some(guards) => Some(self.missing(variable, operation, guards)?),
            };
            Some(Unused {
                variable,
                operation,
                missing,
            })
        })
    }

    /// Returns the guard that a variable tunes and its operation lacks.
    fn missing(
        &self,
        variable: &str,
        operation: &str,
        guards: &BTreeSet<TunedGuard>,
    ) -> Option<TunedGuard> {
        let (_, field) = variable.rsplit_once("__")?;
        let tuned = TunedGuard::of_field(field)?;
        let has = guards.contains(&tuned)
            || (tuned == TunedGuard::Budget && self.may_make_budget(operation));
        (!has).then_some(tuned)
    }

    /// Returns the variables that almost name an operation that runs.
    fn mistyped(&self, operations: &Operations) -> Vec<Mistyped> {
        let has_variables = |operation: &str| {
            let mut of = self.operation_variables.values();
            of.any(|of| of == operation)
        };
        let candidates = operations
            .keys()
            .filter(|operation| !has_variables(operation));
        let unknown = self
            .unused_by(operations)
            .filter(|unused| unused.missing.is_none());
        unknown
            .filter_map(|unused| {
                let names = candidates.clone().map(|name| &**name);
                let meant = spelling::suggestion(unused.operation, names)?;
                Some(Mistyped {
                    variable: unused.variable.to_owned(),
                    meant: meant.to_owned(),
                })
            })
            .collect()
    }

    /// Returns the variables whose guard their operation lacks, by operation and guard.
    fn unguarded(&self, operations: &Operations) -> BTreeMap<(String, TunedGuard), Vec<String>> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for unused in self.unused_by(operations) {
            if let Some(guard) = unused.missing {
                let of = found.entry((unused.operation.to_owned(), guard));
                of.or_default().push(unused.variable.to_owned());
            }
        }
        found
    }
}

/// A variable that sets nothing.
struct Unused<'a> {
    variable: &'a str,
    operation: &'a str,
    /// The guard that its operation lacks; `None` if the operation is not known.
    missing: Option<TunedGuard>,
}

/// A variable, and the operation that it was meant for.
struct Mistyped {
    variable: String,
    meant: String,
}

/// Records that an operation requests its settings, with its guards that variables tune; its first request
/// checks the variables.
pub(crate) fn register(name: &str, guards: impl Iterator<Item = TunedGuard>) {
    let is_new = {
        let mut known = lock_known();
        let count = known.operations.len();
        let of_operation = known.operations.entry(operation_key(name)).or_default();
        of_operation.extend(guards);
        known.operations.len() > count
    };
    if is_new {
        check_variables();
    }
}

/// Checks the settings in force for variables to warn of, and whether successes are to be observed for
/// operation names. Does nothing if none are in force: their installation checks again.
pub(super) fn check_variables() {
    let (mistyped, unguarded) = {
        let mut known = lock_known();
        // Read under the lock, so that the last check has the newest settings.
        let Some(settings) = slot::present() else {
            return;
        };
        let KnownOperations { operations, warned } = &mut *known;
        let any = settings
            .unused_by(operations)
            .any(|unused| unused.missing.is_none());
        observer_flags::set(observer_flags::UNUSED_VARIABLES, any);
        let mut is_new = |variable: &String| warned.insert(variable.clone());
        let mut mistyped = settings.mistyped(operations);
        mistyped.retain(|mistyped| is_new(&mistyped.variable));
        let mut unguarded = settings.unguarded(operations);
        unguarded.retain(|_, variables| {
            variables.retain(&mut is_new);
            !variables.is_empty()
        });
        (mistyped, unguarded)
    };
    // No lock is held: a subscriber may call an annotated function.
    if !mistyped.is_empty() {
        warn_of_mistyped(&mistyped);
    }
    for ((operation, guard), variables) in unguarded {
        let (variables, argument) = (variables.join(", "), guard.argument());
        tracing::warn!(
            target: "retry",
            variables,
            "Nothing uses {variables}: the attribute of {operation} requests no `{argument}` of its own"
        );
    }
}

fn warn_of_mistyped(mistyped: &[Mistyped]) {
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
        let known = operations
            .iter()
            .map(|name| (operation_key(name), BTreeSet::new()));
        let operations = known.collect();
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
