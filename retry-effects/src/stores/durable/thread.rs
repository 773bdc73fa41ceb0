//! The lane of a file: a thread, or a caller's thread that waits for the answer in any case.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::lanes::{Lanes, gone};
use super::queue::Taken;
use super::run::{Advance, Run};
use crate::gate::blocking;
use crate::protocol::operation::{Answer, Operation};
use crate::protocol::store_error::StoreError;

/// The longest wait for jobs of callers that were just answered.
const LINGER: Duration = Duration::from_millis(5);

/// The part of that wait for which the thread stays awake: about the cost of a wake-up.
const AWAKE: Duration = Duration::from_micros(50);

impl<B: Backend> Lanes<B> {
    /// The lane of a file, on a thread of its own.
    pub(super) fn serve_as_thread(self: &Arc<Self>) {
        loop {
            let (count, began) = match self.queue.take(|id| self.backend.route(id)) {
                Taken::Batch(batch, busy) => {
                    let (count, began) = (batch.jobs.len(), Instant::now());
                    // A panic loses only the jobs that were being served.
                    let _ = catch_unwind(AssertUnwindSafe(|| at_once(self.serve(batch))));
                    drop(busy);
                    (count, began)
                }
                Taken::Nothing => {
                    self.await_job(None);
                    continue;
                }
                Taken::Closed => return,
            };
            self.linger(count, (began.elapsed() / 4).min(LINGER));
        }
    }

    /// Waits for as many jobs as were just answered, for a part of the time that their commit took.
    ///
    /// The winner of a claim mostly completes it soon. Without this wait, callers that were answered
    /// last miss the next commit, and two groups of callers pay for two commits; and a lone caller would
    /// have to wake the thread each time.
    fn linger(&self, count: usize, patience: Duration) {
        let began = Instant::now();
        while self.queue.len() < count {
            let waited = began.elapsed();
            if waited >= patience {
                return;
            }
            if waited < AWAKE {
                thread::yield_now();
            } else {
                self.await_job(Some(patience - waited));
            }
        }
    }

    /// Waits on this thread for a job that arrives, or that has arrived since the last wait.
    fn await_job(&self, limit: Option<Duration>) {
        let waker = blocking::waker();
        let mut context = Context::from_waker(&waker);
        let mut arrived = pin!(self.queue.arrived.notified());
        let until = limit.map(|limit| Instant::now() + limit);
        while arrived.as_mut().poll(&mut context).is_pending() {
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return,
                Some(left) => thread::park_timeout(left),
                None => thread::park(),
            }
        }
    }

    /// Carries out an operation on the thread of a task, or gives it back: if it takes more than one quick
    /// step.
    pub(super) fn serve_at_once(
        &self,
        operation: Operation,
    ) -> ControlFlow<Result<Answer, StoreError>, Operation> {
        let mut run = Run::new(operation);
        let reply = match self.backend.exchange_at_once(&run.call()) {
            None => return ControlFlow::Continue(run.into_operation()),
            Some(Err(failure)) => {
                return ControlFlow::Break(Err(self.backend.error(run.call(), &failure)));
            }
            Some(Ok(reply)) => reply,
        };
        match run.advance(reply) {
            Advance::Answer(answer) => {
                self.wake(run.operation(), &answer);
                ControlFlow::Break(answer)
            }
            Advance::Again | Advance::Unwritable | Advance::After(_) => {
                ControlFlow::Continue(run.into_operation())
            }
        }
    }

    /// Carries out an operation on the caller's thread, for a backend that never waits for a task.
    pub(super) fn serve_here(&self, operation: Operation) -> Result<Answer, StoreError> {
        let by = Instant::now() + self.backend.patience();
        let mut run = Run::new(operation);
        loop {
            let mut replies = at_once(self.backend.exchange(&[run.call()], by));
            let reply = match replies.pop() {
                Some(Ok(reply)) => reply,
                Some(Err(failure)) => return Err(self.backend.error(run.call(), &failure)),
                None => return Err(gone()),
            };
            match run.advance(reply) {
                Advance::Answer(answer) => {
                    self.wake(run.operation(), &answer);
                    if self.is_to_be_swept() {
                        at_once(self.sweep());
                    }
                    return answer;
                }
                Advance::Again | Advance::Unwritable => {}
                Advance::After(pause) => thread::sleep(pause),
            }
        }
    }
}

/// Returns the output of a future that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a backend that blocks answers at once"),
    }
}
