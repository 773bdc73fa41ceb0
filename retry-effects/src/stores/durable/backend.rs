//! The contract between the core of the durable stores and a backend: a file, or a client of a server.
//!
//! A backend carries out steps, and decides nothing: it compares and sets, by the revision and the fence
//! of a record, and reads the record where it differs. The core queues the operations of concurrent
//! callers, hands their steps over together, repeats what got no answer, and asks the state
//! machine for the next step.

#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "redis")),
    allow(dead_code, reason = "the contract of all backends")
)]

use std::fmt::Debug;
use std::time::{Duration, Instant};

use retry_core::RetryPolicy;

use crate::identity::action_id::ActionId;
use crate::protocol::completion::Completion;
use crate::protocol::counts::Counts;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::operation::{Answer, Operation, Step, Stored, Write};
use crate::protocol::record::Status;
use crate::protocol::store_error::StoreError;

/// A file, or a client of a server.
pub(crate) trait Backend: Debug + Send + Sync + 'static {
    /// The reason why a step has no reply.
    type Failure: Failure;

    /// The label of metrics.
    const KIND: &'static str;
    const PACE: Pace;

    /// Carries out one step of each call, and replies in their order. Sends once: the core repeats.
    ///
    /// A step may take place twice, if its reply was lost: it then finds what it wrote.
    fn exchange(
        &self,
        calls: &[Call<'_>],
        by: Instant,
    ) -> impl Future<Output = Vec<Result<Reply, Self::Failure>>> + Send;

    /// Returns the pace of this client.
    fn pace(&self) -> Pace {
        Self::PACE
    }

    /// Returns the number of exchanges that may be under way at once.
    fn lanes(&self) -> usize {
        1
    }

    /// Returns a client of the same server whose connections live on another runtime: that of the tasks that
    /// use it. `None`: the limit of the store's connections leaves none.
    fn guest(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Whether an exchange has to wait for no connection.
    fn is_connected(&self) -> bool {
        true
    }

    /// Returns a number of the server that has a record. Steps for different servers are in different
    /// exchanges: those for one that is gone hold up no others.
    fn route(&self, id: ActionId) -> usize {
        let _ = id;
        0
    }

    /// Reads a record where that costs no trip. `None`: it is read by [`exchange`](Self::exchange).
    fn read_here(&self, id: ActionId) -> Option<Result<Option<Stored>, StoreError>> {
        let _ = id;
        None
    }

    /// Whether an exchange of one step takes less time than a change of threads: then callers do not wait for
    /// each other to share one.
    fn is_quick(&self) -> bool {
        false
    }

    /// Carries out one step on the caller's thread, whose other tasks stand still meanwhile: only if that waits
    /// for nobody, and is quick. `None`: nothing is written, and it is carried out by
    /// [`exchange`](Self::exchange).
    fn exchange_at_once(&self, call: &Call<'_>) -> Option<Result<Reply, Self::Failure>> {
        let _ = call;
        None
    }

    /// Returns at most `limit` records after an id, in the order of their ids.
    ///
    /// This and the counts are awaited by the caller, who may have no runtime: a client runs them on its own.
    fn page(
        &self,
        after: Option<ActionId>,
        select: Select,
        limit: usize,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Returns some of the records whose retention may be over.
    fn due(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(ActionId, Stored)>, StoreError>> + Send;

    /// Removes the finished records older than `age` milliseconds that another program named by a rule of
    /// its own, so that they have no [`ActionId`]. Returns their number.
    fn purge_unnamed(&self, age: u64) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let _ = age;
        std::future::ready(Ok(0))
    }

    /// Returns the number of records in each status.
    fn counts(&self) -> impl Future<Output = Result<Counts, StoreError>> + Send;

    /// For how long a step is repeated.
    fn patience(&self) -> Duration;

    /// Returns the caller's error for a step without a reply.
    fn error(&self, call: Call<'_>, failure: &Self::Failure) -> StoreError;

    /// Returns the statement that writes a decision in a transaction of the caller's own, over the record of the
    /// token's owner. `None`: the store is in no SQL database.
    fn completion(&self, token: &Token, write: &Write) -> Option<Completion> {
        let _ = (token, write);
        None
    }

    /// Whether other processes announce the end of a claim that is watched here ([`Step::Watch`]).
    /// Starts the connection that listens, if there is none.
    fn listens(&self) -> bool {
        false
    }
}

/// The reason why a step has no reply; several callers may receive it.
pub(crate) trait Failure: Clone + Debug + Send + Sync + 'static {
    fn cause(&self) -> Cause;
}

/// The extent of a failure, from which the core decides what is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It passes: sent again after a pause.
    Passing,
    /// The connection ended. Sent again at once, for it may have ended long ago; after the second time
    /// each step alone, since the server may end it because of one of them.
    Connection,
    /// One of the steps in the exchange: each is sent alone. Alone, it is final.
    Step,
    /// The server takes no writes, but may be read: what has run is still replayed.
    ReadOnly {
        /// Whether it may take writes soon.
        passes: bool,
    },
    Final,
}

/// One step of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) step: &'a Step,
    /// Whether a server has refused this write, since it takes none.
    pub(crate) was_refused: bool,
}

impl Call<'_> {
    pub(crate) fn id(&self) -> ActionId {
        self.operation.id()
    }

    /// Returns the reply to a step that is written; `fence` is the one that the record has now.
    pub(crate) fn written(&self, fence: Fence) -> Reply {
        Reply::Answer(Ok(self.operation.written(self.step, fence)))
    }
}

/// The reply to one step.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It is written, as durable as the store ever makes it; or the backend has asked the state machine
    /// itself, in the same transaction, and this is the result.
    Answer(Result<Answer, StoreError>),
    /// Nothing was written. This is the record.
    Found(Option<Stored>),
    /// Nothing was written, since the record is another one, or locked. It was not read.
    Missed,
}

/// The form of exchanges that a backend serves best.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The largest number of steps in one exchange.
    pub(crate) most: usize,
    /// The largest size of the results in one exchange, in bytes, unless the first alone is larger.
    pub(crate) heaviest: usize,
    pub(crate) mix: Mix,
    /// The number of lanes that work at once while one lane can take all that waits.
    pub(crate) few: usize,
    /// The largest number of requests under way on the tasks of their callers. Few callers are served best as
    /// if each were alone; of more, all share exchanges.
    pub(crate) alone: usize,
    /// Whether a trip to a server is needed to read.
    pub(crate) is_remote: bool,
    /// Whether an exchange waits for the file, on the thread that asks; its future is ready at once.
    pub(crate) blocks: bool,
    /// The largest number of runtimes of callers on which it has connections, beside its own.
    pub(crate) runtimes: usize,
    /// The number of operations between two sweeps of records whose retention is over. A sweep removes as
    /// many, so that they cannot pile up.
    pub(crate) sweep_every: usize,
    /// The waits between two exchanges of the same steps.
    pub(crate) waits: RetryPolicy,
}

/// The steps that may share an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Steps of all kinds, and several for one action, in the order in which they were requested.
    All,
    /// One step for each action, in the order of the ids, of one kind: reads, watches, writes without a read
    /// before (claims on new actions and decisions of owners), or other writes.
    Unread,
    /// The same, but claims on new actions are of a kind of their own, and decisions of owners are other writes.
    Apart,
}

/// The records that a page selects. The core examines each again: time changes the status of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Select {
    All,
    /// Those that may have this status now, or had it when they were written.
    Status(Status),
    /// Those that are finished; their results are not read.
    Finished,
}

/// Some records, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) records: Vec<(ActionId, Stored)>,
    /// The last id that was looked at, if there may be more behind it.
    pub(crate) last: Option<ActionId>,
}
