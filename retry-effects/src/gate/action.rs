//! [`Action`]: the state that a claimed call shares with its body, with the lease keeper and with
//! nested calls.

use std::borrow::Cow;
use std::fmt;
#[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use retry_core::__private::{Failure, Limits, Marks, take_refusal};

use crate::gate::clock::since_origin;
use crate::gate::dedupe_window::DedupeWindow;
use crate::gate::error::EffectError;
use crate::gate::probe_target::ProbeTarget;
use crate::protocol::ids::Token;
use crate::protocol::reason::Reason;
use crate::protocol::record::{Record, Status};
use crate::protocol::state_machine::nanos;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;

/// One claimed call.
pub(crate) struct Action {
    pub(crate) name: Cow<'static, str>,
    pub(crate) token: Token,
    pub(crate) store: Arc<dyn EffectStore>,
    pub(crate) lease: Duration,
    /// The time just before the claim: the lease is valid at least from here on.
    pub(crate) claimed: Instant,
    /// The time of the next renewal, on the keeper's clock.
    pub(crate) renew_at: AtomicU64,
    /// The last time that the lease was known to be valid, on the keeper's clock.
    pub(crate) held_at: AtomicU64,
    /// The action whose body made this call.
    pub(crate) parent: Option<Arc<Self>>,
    /// Only for a call with a probe. Boxed: most have none.
    pub(crate) probe_target: Option<Box<ProbeTarget>>,
    /// Only for a call with `dedupe_for`.
    pub(crate) dedupe_window: Option<Box<DedupeWindow>>,
    /// The name of the type of the call's result.
    pub(crate) result_type: OnceLock<fn() -> &'static str>,
    /// The hash of the label of the running attempt's first idempotency key; 0 before it.
    #[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
    label: AtomicU64,
    /// The number of the running attempt, from 1.
    attempt: AtomicU32,
    flags: AtomicU16,
    /// The number of tasks and threads that run beside the body, as a part of it.
    running_parts: AtomicU32,
    /// The last call inside the running attempt that was refused before anything ran.
    refusal: Mutex<Option<String>>,
    /// The reason of the newest attempt of unknown effect, or of an earlier owner's record in doubt.
    reason: Mutex<Option<Reason>>,
    /// Wakes the running attempt when the lease is lost.
    lease_lost_waker: Mutex<Option<Waker>>,
}

/// Set when a body begins, and cleared when its failure is noted. It stays set after a success, so that
/// a call that is dropped before its result is recorded is in doubt.
pub(crate) const RUNNING: u16 = 1;
/// A nested call may have had an effect. The attempt then counts as unknown, whatever error the body
/// returns.
pub(crate) const MARKED: u16 = 2;
/// Some attempt's effect is unknown.
pub(crate) const UNKNOWN: u16 = 4;
/// No further attempt may begin.
pub(crate) const STOPPED: u16 = 8;
/// The lease is lost.
pub(crate) const LOST: u16 = 16;
/// The call is recording its outcome in the store: its lease no longer matters.
pub(crate) const ENDED: u16 = 32;
/// The running body has returned.
pub(crate) const RETURNED: u16 = 64;
/// The running body has recorded its result in its own transaction, whose commit or rollback
/// decides.
pub(crate) const COMPLETED_IN_TRANSACTION: u16 = 128;
/// A call inside the running attempt failed without a gate, and nothing states its effect: the body's
/// error decides.
pub(crate) const UNPROVED: u16 = 256;
/// The running body has stated that it acts from here on.
pub(crate) const ACTED: u16 = 512;
/// The running body has panicked.
pub(crate) const PANICKED: u16 = 1024;
/// A call inside the running attempt was refused before anything ran.
pub(crate) const REFUSED: u16 = 2048;
/// The running body has returned a value that `judge` does not accept as the result.
pub(crate) const UNACCEPTED: u16 = 4096;
/// The callee has stated the result of the running attempt to the probe.
pub(crate) const RESCUED: u16 = 8192;
/// A transaction that is to complete the action is under way in the running body.
pub(crate) const IN_TRANSACTION: u16 = 16384;

impl Action {
    pub(crate) fn new(
        name: Cow<'static, str>,
        token: Token,
        store: Arc<dyn EffectStore>,
        lease: Duration,
        claimed: Instant,
        parent: Option<Arc<Self>>,
    ) -> Self {
        Self {
            name,
            token,
            store,
            lease,
            claimed,
            renew_at: AtomicU64::new(0),
            held_at: AtomicU64::new(0),
            parent,
            probe_target: None,
            dedupe_window: None,
            result_type: OnceLock::new(),
            #[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
            label: AtomicU64::new(0),
            attempt: AtomicU32::new(0),
            flags: AtomicU16::new(0),
            running_parts: AtomicU32::new(0),
            refusal: Mutex::new(None),
            reason: Mutex::new(None),
            lease_lost_waker: Mutex::new(None),
        }
    }

    pub(crate) fn is(&self, flag: u16) -> bool {
        self.flags.load(Ordering::Acquire) & flag != 0
    }

    pub(crate) fn set(&self, flag: u16) {
        self.flags.fetch_or(flag, Ordering::AcqRel);
    }

    pub(crate) fn clear(&self, flag: u16) {
        self.flags.fetch_and(!flag, Ordering::AcqRel);
    }

    /// Returns the number of the running attempt, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt.load(Ordering::Relaxed)
    }

    /// Whether the lease may have run out, as far as this process knows.
    pub(crate) fn has_run_out(&self) -> bool {
        let held_at = self.held_at.load(Ordering::Relaxed);
        since_origin(Instant::now()) >= held_at.saturating_add(nanos(self.lease))
    }

    /// Notes whether the running body has recorded its result in its own transaction.
    pub(crate) fn note_completed_in(&self, completed: &Result<(), StoreError>) {
        match completed {
            Ok(()) => self.set(COMPLETED_IN_TRANSACTION),
            // Another attempt would have the same result.
            Err(
                StoreError::AlreadyDone { .. }
                | StoreError::LeaseLost { .. }
                | StoreError::NotRecorded { .. },
            ) => self.set(STOPPED),
            Err(_) => {}
        }
    }

    /// Begins the transaction that completes the action with a value of type `T`.
    ///
    /// # Errors
    ///
    /// If the value is no result of this call, or another transaction has completed the action, or is to: a
    /// function that the body calls may know nothing of the gate. Its rows would be recorded as the result.
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub(crate) fn begin_transaction<T>(&self) -> Result<(), StoreError> {
        let result = self.result_type.get().map(|name| name());
        let (name, value) = (&self.name, std::any::type_name::<T>());
        let fault = if self.is(IN_TRANSACTION | COMPLETED_IN_TRANSACTION) {
            format!("has one transaction that completes {name}, and the body begins another one")
        } else if let Some(result) = result.filter(|result| *result != value) {
            format!(
                "records the value of a transaction as the result of {name}, {result}; it is {value}"
            )
        } else {
            self.set(IN_TRANSACTION);
            return Ok(());
        };
        tracing::error!(
            target: "retry",
            operation = &*self.name,
            action = %self.token.id(),
            "Not begun: a transaction in the body of {name}, which would be taken for its result"
        );
        Err(StoreError::misconfigured(format!(
            "{fault}; run rows that are not the result in a transaction of the pool's own (`pool.begin()`)"
        )))
    }

    /// Notes that the running body makes a request with an idempotency key of this label. From the second label
    /// on, an earlier request may have had its effect, whatever becomes of the later one.
    #[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
    pub(crate) fn requests(&self, label: &str) {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(label);
        // At one go: parts of the body on other threads make requests, too.
        let first =
            self.label
                .compare_exchange(0, hash.max(1), Ordering::Relaxed, Ordering::Relaxed);
        if first.is_err_and(|first| first != hash.max(1)) {
            self.set(ACTED);
        }
    }

    /// Begins an attempt.
    ///
    /// # Errors
    ///
    /// If the lease may have run out since the claim or the last attempt: the action may have been
    /// settled, or taken over. Or if an earlier attempt's effect is unknown, and the callee may have
    /// forgotten it. Nothing has begun then, and nothing may.
    pub(crate) fn begin_attempt(&self) -> Result<(), EffectError> {
        let number = self.attempt.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is(LOST) || self.has_run_out() {
            self.set(STOPPED);
            // An earlier attempt may have happened: that this one did not begin proves nothing about it.
            if self.is(UNKNOWN) {
                return Err(self.lease_lost());
            }
            return Err(EffectError::ClaimExpired {
                action_type: (*self.name).into(),
                id: self.token.id(),
            });
        }
        if let Some(window) = &self.dedupe_window
            && self.is(UNKNOWN)
            && window.is_over()
        {
            // The callee may carry out anew what an earlier attempt did.
            self.set(STOPPED);
            self.keep_reason(window.reason(self.reason().as_ref()));
            return Err(self.in_doubt());
        }
        // Before the first attempt there is mostly nothing to clear: a probe may have left something.
        const OF_ATTEMPT: u16 = RETURNED
            | COMPLETED_IN_TRANSACTION
            | UNPROVED
            | ACTED
            | PANICKED
            | REFUSED
            | UNACCEPTED
            | RESCUED
            | IN_TRANSACTION;
        if self.is(OF_ATTEMPT) {
            if self.is(REFUSED) {
                *self.refusal() = None;
            }
            self.clear(OF_ATTEMPT);
        }
        #[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
        self.label.store(0, Ordering::Relaxed);
        self.set(RUNNING);
        if let Some(probe_target) = &self.probe_target {
            probe_target.begin(number);
        }
        Ok(())
    }

    /// Takes the marks that calls inside the running attempt have left on this thread.
    pub(crate) fn take_marks(&self, marks: Marks) {
        if marks == Marks::NONE {
            return;
        }
        if marks.has(Marks::UNKNOWN) {
            self.set(MARKED);
        }
        if marks.has(Marks::UNPROVED) {
            self.set(UNPROVED);
        }
        if marks.has(Marks::REFUSED) {
            *self.refusal() = take_refusal();
            self.set(REFUSED);
        }
    }

    /// Notes that a task or thread begins which is a part of the body.
    pub(crate) fn part_begins(&self) {
        self.running_parts.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes its end: by itself, or broken off, which leaves its effect unknown.
    pub(crate) fn part_ends(&self, by_itself: bool) {
        if !by_itself {
            self.set(MARKED);
        }
        self.running_parts.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether a part of the body still runs elsewhere: the body's result does not cover it.
    pub(crate) fn has_running_part(&self) -> bool {
        self.running_parts.load(Ordering::Acquire) > 0
    }

    /// Notes that the running attempt is suspended: after a refused call it may do something else,
    /// so the refusal no longer explains its result.
    pub(crate) fn forget_refusal(&self) {
        if self.is(REFUSED) {
            self.clear(REFUSED);
            *self.refusal() = None;
        }
    }

    /// Whether the attempt failed because a call was refused before anything ran: its error is that
    /// call's text, or gives it as its cause (`cannot charge: ..`), and nothing else was done since, as
    /// far as is known. A text that merely contains the refusal's may be about something that was done
    /// instead.
    pub(crate) fn was_refused(&self, failure: &Failure<'_>) -> bool {
        let refusal = self.refusal();
        refusal.as_ref().is_some_and(|refusal| {
            failure.is_unrecognized()
                && failure.text().strip_suffix(refusal).is_some_and(|context| {
                    // One cause, not a list of them.
                    context.is_empty()
                        || context.ends_with(": ") && !context.contains([';', ',', '\n'])
                })
        })
    }

    fn refusal(&self) -> MutexGuard<'_, Option<String>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the reason why the action is in doubt.
    pub(crate) fn keep_reason(&self, reason: Reason) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Returns the reason why the action is in doubt, from the attempts noted so far.
    pub(crate) fn reason(&self) -> Option<Reason> {
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        reason.clone()
    }

    /// Returns the time limits of a wait for the probe.
    pub(crate) fn limits(&self) -> Option<&Limits> {
        self.probe_target.as_ref()?.limits.as_ref()
    }

    pub(crate) fn lease_lost(&self) -> EffectError {
        EffectError::LeaseLost {
            action_type: (*self.name).into(),
            id: self.token.id(),
            fence: self.token.fence(),
        }
    }

    /// Returns the error of a call that ends in doubt without an error of its own.
    pub(crate) fn in_doubt(&self) -> EffectError {
        let mut record = Record::new(self.token.id(), Status::InDoubt, SystemTime::now());
        record.action_type = self.name.to_string();
        record.fence = self.token.fence();
        record.claim_id = Some(self.token.claim_id());
        record.reason = self.reason();
        let record = Box::new(record);
        EffectError::InDoubt { record }
    }

    /// Marks the lease as lost, and wakes an attempt that must be broken off.
    pub(crate) fn lose(&self) {
        self.set(LOST);
        // Taken first: the waker runs without the lock.
        let waker = self.lease_lost_waker().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Registers `waker` for a lost lease.
    pub(crate) fn wake_when_lost(&self, waker: &Waker) {
        let mut registered = self.lease_lost_waker();
        match registered.as_mut() {
            Some(known) => known.clone_from(waker),
            None => *registered = Some(waker.clone()),
        }
    }

    fn lease_lost_waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.lease_lost_waker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action")
            .field("name", &self.name)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
