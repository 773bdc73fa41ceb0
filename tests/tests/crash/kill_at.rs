//! [`KillAt`]: a store in which a process dies, just before or just after one of its writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Finished, StoreFuture};
use retry_effects::{ActionId, EffectStore, Outcome, Token};

use super::worker;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Claim,
    Complete,
    Release,
    Renew,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Nothing is written.
    Before,
    /// It is committed, and nobody is told.
    After,
}

/// Does what `inner` does, and kills the process where it writes of one action.
#[derive(Debug)]
pub(super) struct KillAt {
    pub(super) inner: Arc<dyn EffectStore>,
    pub(super) doomed: ActionId,
    pub(super) at: Option<(Side, Step)>,
    /// Whether what is to have happened before has happened.
    pub(super) is_armed: Arc<AtomicBool>,
}

impl KillAt {
    async fn around<T>(
        &self,
        id: ActionId,
        step: Step,
        write: StoreFuture<'_, T>,
    ) -> Result<T, retry_effects::StoreError>
    where
        T: Unpin,
    {
        let is_armed = self.is_armed.load(Ordering::SeqCst);
        let here = |side| is_armed && id == self.doomed && self.at == Some((side, step));
        if here(Side::Before) {
            worker::die();
        }
        let answer = write.await;
        if here(Side::After) {
            worker::die();
        }
        answer
    }
}

impl EffectStore for KillAt {
    retry_effects::forward_effect_store!(|this| &*this.inner, except pending, complete, renew, release);

    fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim> {
        StoreFuture::new(async move {
            let write = StoreFuture::new(async move { self.inner.pending(request).await });
            self.around(request.id, Step::Claim, write).await
        })
    }

    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()> {
        let write = StoreFuture::new(async move { self.inner.complete(token, outcome).await });
        StoreFuture::new(self.around(token.id(), Step::Complete, write))
    }

    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()> {
        let write = StoreFuture::new(async move { self.inner.renew(token, lease).await });
        StoreFuture::new(self.around(token.id(), Step::Renew, write))
    }

    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>> {
        let write = StoreFuture::new(async move { self.inner.release(token).await });
        StoreFuture::new(self.around(token.id(), Step::Release, write))
    }
}
