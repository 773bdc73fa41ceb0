//! The rules of the suite, and the functions that check them.

use std::fmt;

use super::harness::{Harness, HarnessFuture};
use super::{
    claims, completion, leases, operators, payloads, purging, races, reasons, reopening,
    settlement, takeover, wakeups,
};

/// One rule of the suite.
#[derive(Clone, Copy)]
pub struct Rule {
    name: &'static str,
    run: fn(&dyn Harness) -> HarnessFuture<'_, Result<(), String>>,
}

impl Rule {
    /// All rules.
    pub const ALL: &'static [Self] = RULES;

    /// Returns its name, as in `a_lease_that_runs_out_is_in_doubt`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Checks it on a fresh store.
    ///
    /// # Errors
    ///
    /// [`Violation`] if the store breaks it.
    pub async fn check(&self, harness: &dyn Harness) -> Result<(), Violation> {
        let broken = |what| Violation {
            rule: self.name,
            what,
        };
        (self.run)(harness).await.map_err(broken)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

/// A rule that a store broke.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store breaks the rule {rule}: {what}")]
pub struct Violation {
    rule: &'static str,
    what: String,
}

impl Violation {
    /// Returns the rule's name.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

/// Checks all rules; returns the violations.
pub async fn violations(harness: &dyn Harness) -> Vec<Violation> {
    let mut broken = Vec::new();
    for rule in Rule::ALL {
        broken.extend(rule.check(harness).await.err());
    }
    broken
}

/// Checks all rules.
///
/// # Panics
///
/// If the store breaks a rule; the message names all that it breaks.
pub async fn check(harness: &dyn Harness) {
    let broken = violations(harness).await;
    let lines: Vec<_> = broken.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

/// Checks one rule, on a runtime of its own. [`conformance_tests!`](crate::conformance_tests) calls
/// it.
///
/// # Panics
///
/// If the store breaks the rule, if there is no such rule, or if no runtime can be started.
pub fn check_rule(name: &str, harness: &dyn Harness) {
    let rule = Rule::ALL.iter().find(|rule| rule.name == name);
    let rule = rule.expect("the name of a rule");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime of one thread");
    if let Err(violation) = runtime.block_on(rule.check(harness)) {
        panic!("{violation}");
    }
}

/// Makes one `#[test]` for each rule of the suite, in the calling module. Its argument is an
/// expression that creates a [`Harness`](crate::conformance::Harness), evaluated in each test.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::each_conformance_rule! { conformance_test ($harness) }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_test {
    (($harness:expr) $($module:ident::$rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::conformance::check_rule(::core::stringify!($rule), &$harness);
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_rule_table {
    (() $($module:ident::$rule:ident)*) => {
        const RULES: &[Rule] = &[$(Rule {
            name: stringify!($rule),
            run: |harness| Box::pin($module::$rule(harness)),
        }),*];
    };
}

// The one list of the rules.
#[doc(hidden)]
#[macro_export]
macro_rules! each_conformance_rule {
    ($then:ident $with:tt) => {
        $crate::$then! { $with
            claims::an_absent_action_is_won
            claims::a_pending_action_is_busy
            claims::a_claim_asked_again_is_found_again
            claims::a_success_is_replayed
            claims::a_failure_is_replayed
            claims::a_released_action_is_won_anew
            claims::an_action_in_doubt_is_not_run
            claims::other_arguments_are_a_mismatch
            claims::unknown_arguments_are_not_compared
            takeover::a_takeover_names_the_fence_that_it_saw
            takeover::the_former_owner_has_lost
            takeover::a_living_claim_is_not_taken_over
            takeover::a_finished_action_is_not_taken_over
            takeover::an_applied_record_is_never_taken_over
            takeover::an_owner_seen_silent_is_in_doubt
            takeover::an_owner_that_gave_a_sign_of_life_is_busy
            completion::the_same_outcome_again_is_accepted
            completion::another_outcome_is_refused
            completion::a_late_success_is_accepted
            completion::a_late_failure_never_replaces_a_success
            completion::an_owner_in_doubt_completes
            completion::applied_sticks
            completion::nobody_completes_without_a_claim
            leases::a_lease_that_runs_out_is_in_doubt
            leases::a_renewal_prolongs_the_lease
            leases::an_expired_claim_is_renewed_by_its_owner
            leases::a_claim_that_is_over_is_not_renewed
            leases::a_release_frees_the_action
            leases::a_release_that_meets_a_success_returns_it
            leases::a_claim_that_is_over_is_not_released
            settlement::a_person_says_that_it_happened
            settlement::a_person_says_that_it_did_not_happen
            settlement::a_living_owner_is_not_settled_away
            settlement::a_record_that_has_changed_is_not_settled
            settlement::a_success_that_no_longer_decodes_is_replaced
            purging::a_purge_takes_what_is_finished_and_nothing_else
            purging::a_purge_respects_age_and_keep
            purging::a_retained_record_goes_by_itself
            purging::fences_grow_across_a_purge
            operators::a_record_shows_everything
            operators::a_list_is_filtered
            operators::a_list_is_in_order_and_comes_in_pages
            operators::records_are_counted
            payloads::results_come_back_as_they_were
            payloads::names_come_back_as_they_were
            reasons::a_reason_decides_nothing
            reasons::the_reason_of_a_doubt_is_kept
            races::of_many_claims_one_wins
            races::of_many_takeovers_one_wins
            races::a_completion_and_a_takeover_exclude_each_other
            races::no_two_run_at_once
            wakeups::a_change_wakes
            wakeups::waiting_begins_with_the_call
            reopening::records_outlive_the_store
        }
    };
}

each_conformance_rule! { conformance_rule_table () }
