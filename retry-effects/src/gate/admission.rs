//! Admission: from a request to the right to run, to a recorded result, or to a refusal.

mod claim;
mod refusal;
mod request;
mod wait;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use retry_core::__private::{Limits, has_room};

pub(crate) use request::Request;

use claim::{SOON, Won};
use wait::{Watch, silence};

use crate::gate::action::{Action, STOPPED, UNKNOWN};
use crate::gate::ambient;
use crate::gate::dedupe_window::{self, DedupeWindow};
use crate::gate::error::EffectError;
use crate::gate::event::GateEventKind;
use crate::gate::history;
use crate::gate::lease_keeper;
use crate::gate::options::Doubt;
use crate::gate::probe_target::ProbeTarget;
use crate::gate::report;
use crate::protocol::reason::Reason;
use crate::protocol::record::{Busy, Finished, Record, Resolved};
use crate::protocol::state_machine::differ;

/// The result of admission.
pub(crate) enum Admission {
    /// The call runs.
    Run {
        action: Arc<Action>,
        /// Whether the effect of an earlier owner must be probed before the body runs.
        probes_first: bool,
    },
    /// The action has run.
    Done(Finished),
    /// The action has failed for good.
    Failed(Finished),
}

impl Request {
    /// [`admit`](Self::admit), within the call's time limit.
    pub(crate) async fn admit_in_time(&self) -> Result<Admission, EffectError> {
        let mut admitted = pin!(self.admit());
        let mut late = None;
        poll_fn(|context| {
            let polled = admitted.as_mut().poll(context);
            if polled.is_ready() {
                return polled;
            }
            // Only an answer that has to be waited for needs a timer, which is a large value.
            let late = match &mut late {
                Some(late) => late,
                None => match self.limits.as_ref().and_then(Limits::left) {
                    Some(left) => late.insert(Box::pin(tokio::time::sleep(left))),
                    None => return polled,
                },
            };
            ready!(late.as_mut().poll(context));
            Poll::Ready(Err(self.too_late()))
        })
        .await
    }

    /// Admits the call, or returns the refusal.
    pub(crate) async fn admit(&self) -> Result<Admission, EffectError> {
        let admitted = self.try_admit().await;
        if let Ok((admission, _)) = &admitted
            && !self.store.in_process()
        {
            let is_replay = !matches!(admission, Admission::Run { .. });
            history::note(&self.name, is_replay);
        }
        let kind = match &admitted {
            Ok((Admission::Run { .. }, _)) => GateEventKind::Won,
            Ok((_, true)) => GateEventKind::Joined,
            Ok((_, false)) => GateEventKind::Replayed,
            Err(EffectError::InDoubt { .. }) => GateEventKind::DoubtFound,
            Err(EffectError::PayloadMismatch { .. }) => GateEventKind::Mismatch,
            Err(EffectError::Store { .. }) => GateEventKind::StoreFailed,
            Err(_) => GateEventKind::Busy,
        };
        let elapsed = || self.began.elapsed();
        let reason = || match &admitted {
            Err(EffectError::InDoubt { record }) => record.reason.clone(),
            _ => None,
        };
        report::call_event(kind, &self.name, self.id, &*self.store, elapsed, reason);
        admitted.map(|(admission, _)| admission)
    }

    /// [`admit`](Self::admit) without the report; also returns whether the call waited for another
    /// one.
    async fn try_admit(&self) -> Result<(Admission, bool), EffectError> {
        if self.is_inside_itself(None) {
            return Err(self.in_progress(self.lease));
        }
        let sent_at = if self.claims_first() {
            self.began
        } else {
            match self.look().await? {
                None => Instant::now(),
                Some(Resolved::Done(finished)) => return Ok((Admission::Done(finished), false)),
                Some(found) => return self.admit_found(Ok(found)).await,
            }
        };
        let found = match self.claim(None, None, sent_at).await {
            Ok(Ok(won)) => return Ok((self.run(won, None), false)),
            Ok(Err(Resolved::Done(finished))) => return Ok((Admission::Done(finished), false)),
            Ok(Err(found)) => Ok(found),
            Err(error) => Err(error),
        };
        self.admit_found(found).await
    }

    /// Returns what has run, after a claim without a read beforehand failed: a store that takes no writes,
    /// because it is full, still answers a read. Nothing else is returned: a claim may be this call's
    /// own, whose answer was lost.
    async fn read_despite(&self, error: EffectError) -> Result<Resolved, EffectError> {
        if !matches!(error, EffectError::Store { .. }) {
            return Err(error);
        }
        // The next call reads first.
        history::note(&self.name, true);
        // A store that was slow to fail would be slow again.
        if self.began.elapsed() >= SOON {
            return Err(error);
        }
        let found = self.resolve().await;
        match found {
            Ok(Resolved::Done(_) | Resolved::Failed(_))
            | Err(EffectError::PayloadMismatch { .. }) => found,
            _ => Err(error),
        }
    }

    /// Returns the state of the action, unless it is free.
    async fn look(&self) -> Result<Option<Resolved>, EffectError> {
        let found = self.resolve().await?;
        Ok((!matches!(found, Resolved::Free)).then_some(found))
    }

    /// Admits the call by the record that was found, or after a claim that failed. In a box: it is rare,
    /// and never quick, so its state is kept out of every gated call's future.
    fn admit_found(
        &self,
        found: Result<Resolved, EffectError>,
    ) -> Pin<Box<impl Future<Output = Result<(Admission, bool), EffectError>>>> {
        Box::pin(async move {
            let found = match found {
                Ok(found) => found,
                Err(error) => self.read_despite(error).await?,
            };
            self.admit_found_record(found).await
        })
    }

    /// Whether the claim is made without a read beforehand. In a process a claim that finds a record
    /// costs as much as a read, and writes nothing. On a server each is a trip: the last call of this
    /// action type is the guess for this one. A file is read for little, and a claim takes its lock: only
    /// many new actions in a row are worth the risk.
    ///
    /// Without a lease keeper nothing may be claimed, but what is recorded can be read.
    fn claims_first(&self) -> bool {
        let claims = self.store.in_process()
            || if self.store.is_remote() {
                !history::was_replay(&self.name)
            } else {
                history::are_mostly_new(&self.name)
            };
        claims && lease_keeper::start().is_ok()
    }

    /// Admits the call when another owner holds, or held, the action.
    async fn admit_found_record(
        &self,
        mut found: Resolved,
    ) -> Result<(Admission, bool), EffectError> {
        let mut watch = None;
        let mut seen = None;
        let mut waited = false;
        loop {
            let mut taken_over = None;
            let claimed = match found {
                Resolved::Free => self.claim(None, None, Instant::now()).await?,
                Resolved::Done(finished) => return Ok((Admission::Done(finished), waited)),
                Resolved::Failed(finished) => return Ok((Admission::Failed(finished), waited)),
                Resolved::Busy(busy) => {
                    if self.is_inside_itself(Some(&busy)) {
                        return Err(self.in_progress(busy.left));
                    }
                    let silent = silence(&mut watch, busy);
                    if silent.is_some() {
                        self.claim(None, silent, Instant::now()).await?
                    } else {
                        waited = true;
                        // `seen` is set after the watch began. When this call has waited for a whole lease,
                        // the owner was therefore watched for a whole lease, and can be declared silent.
                        let seen = *seen.get_or_insert_with(tokio::time::Instant::now);
                        Err(self.wait(busy, seen).await?)
                    }
                }
                Resolved::InDoubt(mut record) => {
                    if let Some(reason) = self.too_old(&record) {
                        record.reason = Some(reason);
                        return Err(EffectError::InDoubt { record });
                    }
                    if self.doubt == Doubt::Halt || record.applied || !self.may_probe(&record) {
                        return Err(EffectError::InDoubt { record });
                    }
                    let silent = watch.as_ref().map(|watch: &Watch| watch.silent);
                    let claimed = self.claim(Some(&record), silent, Instant::now()).await?;
                    taken_over = Some(record);
                    claimed
                }
            };
            found = match claimed {
                Ok(won) => return Ok((self.run(won, taken_over), waited)),
                Err(found) => found,
            };
        }
    }

    /// Whether the action is called from inside itself, which would wait for itself. A clone of the
    /// store is recognized by the claim that holds the action there.
    fn is_inside_itself(&self, busy: Option<&Busy>) -> bool {
        ambient::is_inside(|action| {
            let is_it = action.token.id() == self.id
                && busy.map_or_else(
                    || Arc::ptr_eq(&action.store, &self.store),
                    |busy| busy.fence == action.token.fence(),
                );
            if is_it {
                // Every further attempt would make the same call again.
                action.set(STOPPED);
            }
            is_it
        })
    }

    /// Returns the reason why this record is not taken over, if the callee may have forgotten its action.
    fn too_old(&self, record: &Record) -> Option<Reason> {
        if record.applied {
            return None;
        }
        dedupe_window::refusal(record, self.dedupe_for()?)
    }

    /// Returns the time after which an action in doubt does not run again, if it otherwise does.
    fn dedupe_for(&self) -> Option<Duration> {
        let is_limited = self.doubt == Doubt::Reexecute && self.dedupe_for < u64::MAX;
        is_limited.then(|| Duration::from_millis(self.dedupe_for))
    }

    /// Whether the time limit leaves room to wait until the callee's *no* about this record is final. Without
    /// room the call does not take the record over: a takeover starts that wait anew, and later calls would
    /// wait the whole `probe_after` again.
    fn may_probe(&self, record: &Record) -> bool {
        let passed = record.lease_over.unwrap_or_default();
        let wait = self.probe_after.saturating_sub(passed);
        self.doubt != Doubt::Probe || wait.is_zero() || has_room(wait, self.limits.as_ref())
    }

    /// Admits the call under a won claim; `taken_over` is the record in doubt that was taken over.
    fn run(&self, won: Won, taken_over: Option<Box<Record>>) -> Admission {
        let mut action = Action::new(
            self.name.clone(),
            won.token,
            self.store.clone(),
            self.lease,
            won.sent_at,
            ambient::action(),
        );
        let is_probed = self.doubt == Doubt::Probe;
        let is_takeover = taken_over.is_some();
        if is_probed {
            let since_owner_ended = taken_over
                .as_ref()
                .map(|record| record.lease_over.unwrap_or_default());
            let probe_target = ProbeTarget::new(self.probe_after, self.limits, since_owner_ended);
            action.probe_target = Some(Box::new(probe_target));
        }
        if let Some(time) = self.dedupe_for() {
            let window = DedupeWindow::new(time, taken_over.as_deref());
            action.dedupe_window = Some(Box::new(window));
        }
        if let Some(record) = taken_over {
            // An earlier owner's effect stays unknown, whatever the result of this owner's attempts.
            action.set(UNKNOWN);
            if let Some(reason) = record.reason {
                action.keep_reason(reason);
            }
        }
        Admission::Run {
            action: Arc::new(action),
            probes_first: is_probed && is_takeover,
        }
    }

    /// Returns the state of the action; only reads.
    async fn resolve(&self) -> Result<Resolved, EffectError> {
        let resolved = self.store.resolve(self.id).await;
        let resolved = resolved.map_err(|error| self.store_failed(error))?;
        let input_hash = match &resolved {
            Resolved::Free => None,
            Resolved::Busy(busy) => busy.input_hash,
            Resolved::Done(finished) | Resolved::Failed(finished) => finished.input_hash,
            Resolved::InDoubt(record) => record.input_hash,
        };
        if differ(input_hash, self.input_hash) {
            return Err(self.mismatch());
        }
        Ok(resolved)
    }
}
