//! One thing that happens: the state as it becomes, and what is noticed on the way.

use retry_effects::__model::{Ask, Row, State as Stands};
use retry_effects::store::{Claim, Status};

use super::model::{Model, Policy, State};
use super::promises::{Fault, broken_by_change};
use super::rules::Rule;
use super::sights::{Sight, Sights};
use super::store::{Reply, Report, Ticket};
use super::world::Sent;

pub(crate) struct Turn {
    pub(crate) model: Model,
    pub(crate) next: State,
    pub(crate) fault: Option<Fault>,
    pub(crate) sights: Sights,
}

impl Turn {
    pub(crate) fn new(model: Model, state: State) -> Self {
        Self {
            model,
            next: state,
            fault: None,
            sights: Sights::default(),
        }
    }

    /// Somebody asks the store for a claim.
    pub(crate) fn claim(&mut self, ask: Ask) -> Claim {
        let (before, highest) = (self.next.store.row, self.next.store.highest);
        let claim = self.next.store.claim(ask, self.model.broken);
        let after = self.next.store.row;
        if let (Claim::Won(token), true) = (&claim, before == after) {
            debug_assert!(token.fence().number() <= u64::from(highest));
            self.sights.note(Sight::FoundAgain);
        } else if let (Claim::Won(token), Some(before)) = (&claim, before) {
            self.require(
                token.fence().number() > u64::from(highest),
                Fault::FenceNotHigher,
            );
            let happened = before.state == Stands::Success || before.applied;
            self.require(!happened, Fault::ClaimedAfterEffect);
            let is_seen = ask.takeover == Some(before.fence);
            let is_free = before.status() == Status::Released;
            self.require(is_free || is_seen, Fault::TakenOverUnseen);
            self.sights.note(match before.status() {
                Status::Released => Sight::RunAfterRelease,
                Status::Pending => Sight::SilentTakeover,
                _ => Sight::Takeover,
            });
        } else if let Claim::Won(token) = &claim {
            self.require(
                token.fence().number() > u64::from(highest),
                Fault::FenceNotHigher,
            );
            if highest > 0 {
                self.sights.note(Sight::Purged);
            }
        }
        self.unchanged_success(before);
        claim
    }

    /// An owner's report reaches the store.
    pub(crate) fn report(&mut self, ticket: Ticket, report: Report) -> Reply {
        let before = self.next.store.row;
        let reply = self.next.store.report(ticket, report, self.model.broken);
        self.unchanged_success(before);
        self.unchanged_by_superseded(before, ticket);
        let Some(before) = before else {
            return reply;
        };
        let is_own = (before.fence, before.claim) == (ticket.fence, ticket.claim);
        let is_recorded = before.state == Stands::Success && before.result == Some(ticket.fence);
        if report == Report::Success && is_own && is_recorded {
            self.require(reply == Reply::Again, Fault::RecordedButDenied);
        }
        match (report, reply) {
            (Report::Success, Reply::Recorded) => {
                self.sights.note(Sight::Success);
                if before.status() == Status::InDoubt {
                    self.sights.note(Sight::LateSuccess);
                }
            }
            (_, Reply::Again) => self.sights.note(Sight::ReportRepeated),
            (_, Reply::Lost) if !is_own => self.sights.note(Sight::LateReportRefused),
            _ => {}
        }
        let commits = match reply {
            Reply::Recorded => true,
            Reply::Again => self.model.broken == Some(Rule::DoneAlreadyRollsBack),
            Reply::HasResult | Reply::Lost => false,
        };
        if self.model.policy == Policy::Transaction && report == Report::Success && commits {
            self.next.world.happened += 1;
        }
        reply
    }

    /// An owner renews its lease.
    pub(crate) fn renew(&mut self, ticket: Ticket) {
        let before = self.next.store.row;
        let is_renewed = self.next.store.renew(ticket, self.model.broken);
        self.unchanged_success(before);
        self.unchanged_by_superseded(before, ticket);
        if is_renewed && before != self.next.store.row {
            self.sights.note(Sight::RenewedLate);
        }
    }

    /// A request reaches the callee. Says whether it stands.
    pub(crate) fn receive(&mut self, sent: Sent) -> bool {
        let Model { policy, broken, .. } = self.model;
        let world = &mut self.next.world;
        world.receive(sent, policy, broken, &mut self.sights)
    }

    /// A caller is reply that it happened.
    pub(crate) fn is_ok(&mut self) {
        self.require(self.next.world.happened > 0, Fault::OkWithoutEffect);
    }

    /// Notes the fault where a promise is not kept.
    pub(crate) fn require(&mut self, is_kept: bool, fault: Fault) {
        let counts = fault.is_harm() || !self.model.only_harm;
        if !is_kept && counts && self.fault.is_none() {
            self.fault = Some(fault);
        }
    }

    fn unchanged_success(&mut self, before: Option<Row>) {
        self.fault = self
            .fault
            .or_else(|| broken_by_change(before, self.next.store.row));
    }

    fn unchanged_by_superseded(&mut self, before: Option<Row>, ticket: Ticket) {
        let own = (ticket.fence, ticket.claim);
        let is_own = before.is_some_and(|row| (row.fence, row.claim) == own);
        let is_kept = is_own || before == self.next.store.row;
        self.require(is_kept, Fault::ChangedBySuperseded);
    }
}
