//! The lanes of a client of a server: tasks of a runtime.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::backend::Backend;
use super::lanes::Lanes;
use super::queue::Taken;

/// A longer exchange spends its time on the network or on a disk: its lane does not count as busy, and
/// holds up no other.
const SLOW: Duration = Duration::from_millis(20);

impl<B: Backend> Lanes<B> {
    /// A lane of a client: serves until the queue is closed. A panic loses only the jobs that were being
    /// served: the application owns part of the code that connects, and the runtime panics if there is no
    /// thread for looking up a host's name.
    pub(super) async fn serve_as_task(self: Arc<Self>) {
        loop {
            match tokio::spawn(self.clone().serve_all()).await {
                Err(ended) if ended.is_panic() => {}
                _ => return,
            }
        }
    }

    async fn serve_all(self: Arc<Self>) {
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
