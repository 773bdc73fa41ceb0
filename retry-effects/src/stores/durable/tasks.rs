//! The lanes of a client of a server: tasks of a runtime.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::backend::Backend;
use super::lanes::Lanes;
use super::queue::Taken;
use super::task_waker;

/// A longer exchange spends its time on the network or on a disk: its lane does not count as busy, and
/// holds up no other.
const SLOW: Duration = Duration::from_millis(20);

impl<B: Backend> Lanes<B> {
    /// A lane of the store's own runtime: serves until the queue is closed. A panic loses only the jobs that
    /// were being served: the application owns part of the code that connects, and the runtime panics
    /// if there is no thread for looking up a host's name.
    #[cfg(any(feature = "postgres", feature = "redis", test))]
    pub(super) async fn serve_as_task(self: Arc<Self>) {
        loop {
            match tokio::spawn(self.clone().serve_all()).await {
                Err(ended) if ended.is_panic() => {}
                _ => return,
            }
        }
    }

    /// A lane of a caller's runtime. It may end with that runtime, or by a panic: a runtime without a driver
    /// for sockets or time panics at the first use. Then all lanes of this runtime end.
    ///
    /// Not an `async fn`: the guard is dropped, too, if the runtime drops the task before its first poll.
    pub(super) fn serve_as_guest(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        let guest = Guest(Some(self.clone()));
        async move {
            self.serve_all().await;
            guest.leave();
        }
    }

    async fn serve_all(self: Arc<Self>) {
        task_waker::note().await;
        loop {
            let arrived = self.queue.arrived.notified();
            let (batch, busy) = match self.queue.take(|id| self.backend.route(id)) {
                Taken::Batch(batch, busy) => (batch, busy),
                Taken::Closed => break,
                Taken::Nothing => {
                    arrived.await;
                    continue;
                }
            };
            let mut served = pin!(self.serve(batch));
            if tokio::time::timeout(SLOW, served.as_mut()).await.is_ok() {
                continue;
            }
            drop(busy);
            self.queue.arrived.notify_one();
            served.await;
        }
        // Wakes the next lane.
        self.queue.arrived.notify_one();
    }
}

/// Ends the lanes of a runtime if it is dropped with them.
struct Guest<B: Backend>(Option<Arc<Lanes<B>>>);

impl<B: Backend> Guest<B> {
    /// Leaves the lanes to the jobs that are still under way: the queue is closed.
    fn leave(mut self) {
        self.0 = None;
    }
}

impl<B: Backend> Drop for Guest<B> {
    fn drop(&mut self) {
        if let Some(lanes) = &self.0 {
            lanes.queue.end();
        }
    }
}
