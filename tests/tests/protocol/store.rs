//! The store: one record and a counter. Every transition is the crate's own; where a rule is taken
//! out, the request or the record is forged so that the transition cannot keep it.

use retry_effects::__model::{Ask, Row, State as Stands, payload, token};
use retry_effects::store::{Claim, Settlement, Status};
use retry_effects::{Outcome, StoreError};

use super::rules::Rule;

/// The result that a person settles with; an owner's is its fence, and no claim has fence 0.
const PERSONS_RESULT: u8 = 0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(crate) row: Option<Row>,
    /// The highest fence that it ever gave.
    pub(crate) highest: u8,
}

/// The right to complete a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket {
    pub(crate) fence: u8,
    pub(crate) claim: u8,
}

/// The report of an owner on its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Report {
    Success,
    Failed,
    InDoubt { applied: bool },
    Release,
}

/// The store's answer to an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is recorded, newly.
    Recorded,
    /// It was recorded before.
    Again,
    /// It was to be released, and has a result.
    HasResult,
    /// The claim is over.
    Lost,
}

impl Store {
    pub(crate) fn claim(&mut self, ask: Ask, broken: Option<Rule>) -> Claim {
        let mut ask = ask;
        let fence = match broken {
            Some(Rule::FencesOutliveTheRecord) => self.row.map_or(0, |row| row.fence) + 1,
            _ => self.highest + 1,
        };
        match (broken, &mut self.row) {
            (Some(Rule::TakeoverComparesStatusAndFence), Some(row)) if ask.takeover.is_some() => {
                row.state = Stands::InDoubt;
                ask.takeover = Some(row.fence);
            }
            (Some(Rule::TakeoverComparesTheFence), Some(row)) => {
                ask.takeover = ask.takeover.map(|_| row.fence);
            }
            (Some(Rule::AppliedIsNeverRunAgain), Some(row)) => row.applied = false,
            _ => {}
        }
        let claim = Row::claim(&mut self.row, ask, fence);
        if let Claim::Won(token) = &claim {
            let given = u8::try_from(token.fence().number()).expect("a small number");
            self.highest = self.highest.max(given);
        }
        claim
    }

    pub(crate) fn report(&mut self, ticket: Ticket, report: Report, broken: Option<Rule>) -> Reply {
        let Some(row) = &mut self.row else {
            return Reply::Lost;
        };
        let mut ticket = ticket;
        let forged = match broken {
            Some(Rule::CompleteChecksTheFence) => report != Report::Release,
            Some(Rule::ReleaseChecksTheFence) => report == Report::Release,
            Some(Rule::SuccessStays) if report == Report::Failed => {
                row.state = Stands::Pending;
                true
            }
            Some(Rule::SameOutcomeAgainIsAccepted) if row.state == Stands::Success => {
                return Reply::Lost;
            }
            _ => false,
        };
        if forged {
            ticket = Ticket {
                fence: row.fence,
                claim: row.claim,
            };
        }
        let token = token(ticket.fence, ticket.claim);
        let outcome = match report {
            Report::Success => Outcome::Success(payload(ticket.fence)),
            Report::Failed => Outcome::Failed(payload(ticket.fence)),
            Report::InDoubt { applied } => Outcome::InDoubt {
                applied,
                reason: None,
            },
            Report::Release => {
                return match row.release(&token) {
                    Ok(Some(_)) => Reply::HasResult,
                    Ok(None) => Reply::Recorded,
                    Err(_) => Reply::Lost,
                };
            }
        };
        match row.complete(&token, outcome) {
            Ok(true) => Reply::Recorded,
            Ok(false) => Reply::Again,
            Err(_) => Reply::Lost,
        }
    }

    pub(crate) fn renew(&mut self, ticket: Ticket, broken: Option<Rule>) -> bool {
        let Some(row) = &mut self.row else {
            return false;
        };
        let own = (ticket.fence, ticket.claim);
        let (fence, claim) = match broken {
            Some(Rule::RenewChecksTheFence) => (row.fence, row.claim),
            _ => own,
        };
        row.renew(&token(fence, claim)).is_ok()
    }

    /// The lease runs out: by time, or by a clock that jumps.
    pub(crate) fn expire(&mut self, broken: Option<Rule>) {
        if broken == Some(Rule::ExpiredIsInDoubt) {
            self.row = None;
        } else if let Some(row) = &mut self.row {
            row.leased = false;
        }
    }

    /// Purges whatever may go, as soon as it may.
    pub(crate) fn purge(&mut self, broken: Option<Rule>) {
        let goes = |row: Row| match broken {
            Some(Rule::PurgeLeavesInDoubt) if row.status() == Status::InDoubt => true,
            Some(Rule::PurgeKeepsTheYoung) => Row { old: true, ..row }.is_purgeable(),
            _ => row.is_purgeable(),
        };
        if self.row.is_some_and(goes) {
            self.row = None;
        }
    }

    /// An operator's settlement on the record with this fence. `applied`: it happened.
    pub(crate) fn settle(
        &mut self,
        fence: u8,
        applied: bool,
        broken: Option<Rule>,
    ) -> Result<bool, StoreError> {
        let Some(row) = &mut self.row else {
            return Err(StoreError::NotFound);
        };
        let mut fence = fence;
        match broken {
            Some(Rule::SettleComparesTheFence) => fence = row.fence,
            Some(Rule::SettleWaitsForTheOwner) => row.leased = false,
            _ => {}
        }
        let settlement = if applied {
            Settlement::Success(payload(PERSONS_RESULT))
        } else {
            Settlement::NotApplied
        };
        row.settle(fence, settlement)
    }
}
