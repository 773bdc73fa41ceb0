//! The job and its two handlers: one that is run again whole, one whose effect is gated.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use apalis::prelude::{AbortError, BoxDynError, Data, RetryAfterError};
use retry_core::{Classify, retry_api};
use retry_effects::{EffectError, Probe};
use serde::{Deserialize, Serialize};

use super::bank;

/// A job, as the queue holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) order: String,
    pub(crate) cents: u64,
}

/// The queue hands a job of a dead worker to another one, and this handler charges again.
pub(crate) async fn plain(job: Charge, bank: Data<SocketAddr>) -> Result<(), BoxDynError> {
    println!("   a worker charges {}", job.order);
    Ok(bank::charge(*bank, &job.order).await?)
}

/// The same job, with a gated effect. The job may run any number of times.
pub(crate) async fn gated(job: Charge, bank: Data<SocketAddr>) -> Result<(), BoxDynError> {
    let charged = charge(&job.order, job.cents, *bank).await;
    charged.map_err(ChargeError::into_job_error)
}

/// The key is the order, not the id of the job: a job that is pushed again is the same action.
///
/// The owner of a claim that was killed leaves the action in doubt, and the probe decides.
#[retry_api(
    idempotent = true,
    name = "charge",
    key(order),
    fingerprint(cents),
    lease = "1s",
    min_wait = "20ms",
    on_busy = "wait",
    probe = || find(bank, order.to_owned())
)]
async fn charge(order: &str, cents: u64, bank: SocketAddr) -> Result<(), ChargeError> {
    println!("   a worker charges {order}: {cents} cents");
    Ok(bank::charge(bank, order).await?)
}

async fn find(bank: SocketAddr, order: String) -> Probe<()> {
    match bank::is_charged(bank, &order).await {
        Ok(true) => {
            println!("   the bank has {order} already");
            Probe::Applied(())
        }
        Ok(false) => Probe::NotApplied,
        Err(_) => Probe::Unknown,
    }
}

#[derive(Debug, thiserror::Error, Classify)]
pub(crate) enum ChargeError {
    #[error("the bank does not answer: {0}")]
    Bank(#[from] io::Error),
    #[error(transparent)]
    Gate(#[from] EffectError),
}

impl ChargeError {
    /// Returns the error that the queue understands: to run the job later, or not at all.
    fn into_job_error(self) -> BoxDynError {
        match self {
            // A person settles it: running the job again changes nothing, 25 times by default.
            Self::Gate(EffectError::InDoubt { .. } | EffectError::PayloadMismatch { .. }) => {
                AbortError::new(self).into()
            }
            Self::Gate(EffectError::InProgress { .. } | EffectError::Store { .. }) => {
                RetryAfterError::new(self, Duration::from_secs(5)).into()
            }
            error => error.into(),
        }
    }
}
