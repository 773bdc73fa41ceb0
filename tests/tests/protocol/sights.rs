//! Sights, the events that runs must be able to show: a model in which nothing happens keeps every promise.

use std::ops::BitOrAssign;

/// Something worth seeing at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// A result was recorded.
    Success,
    /// A result was recorded late: its owner's lease had run out, and nobody had taken over.
    LateSuccess,
    /// A caller got the recorded result of another.
    Replay,
    /// A recorded error was replayed.
    FailureReplay,
    /// A claim whose acknowledgement was lost was found again, with its fence.
    FoundAgain,
    /// A claim's owner died, and its lease ran out.
    InDoubtAfterCrash,
    /// A record in doubt was taken over.
    Takeover,
    /// An owner that had been silent, but whose lease was running, was taken over.
    SilentTakeover,
    /// A claim was turned away from a record marked applied.
    MarkedApplied,
    /// A released action was claimed anew.
    RunAfterRelease,
    /// A superseded owner's report was refused.
    LateReportRefused,
    /// A lease that had run out was renewed.
    RenewedLate,
    /// An outcome that was recorded already was accepted again.
    ReportRepeated,
    /// A person settled: it happened.
    SettledSuccess,
    /// A person settled: it did not happen.
    SettledNotApplied,
    /// An operator's settlement came after the record had changed.
    SettlementRefused,
    /// A record was purged, and the action claimed anew.
    Purged,
    /// The callee turned away what came from before its final no.
    EffectRefused,
    /// The callee recognised an effect that had happened already.
    EffectRecognised,
    /// A probe found that the effect had happened.
    ProbeYes,
    /// A probe's no was final.
    ProbeNo,
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sights(u32);

impl Sights {
    pub(crate) fn note(&mut self, sight: Sight) {
        self.0 |= 1 << sight as u32;
    }

    pub(crate) fn has(self, sight: Sight) -> bool {
        self.0 & (1 << sight as u32) != 0
    }
}

impl BitOrAssign for Sights {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
