//! The script of this crate's first release, on a connection behind a lock: a trip for the claim, one for
//! the completion, and each waits until the one before has its answer.

use std::sync::Arc;

use retry_effects::ActionId;
use retry_effects::store::ClaimId;
use retry_tests::redis::ThrowawayRedis;
use tokio::sync::Mutex;

use super::script::Script;

/// By the server's clock.
const FIRST_RELEASE: &str = concat!(
    "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]\n",
    include_str!("../../../tests/redis/version_1/script.lua"),
);

#[derive(Clone)]
pub(super) struct ByHand(Arc<Mutex<Script>>);

impl ByHand {
    pub(super) async fn connect(server: &ThrowawayRedis) -> Self {
        let script = Script::load(server, FIRST_RELEASE).await;
        Self(Arc::new(Mutex::new(script)))
    }

    pub(super) async fn claim_and_complete(&self, id: ActionId) {
        let claim_id = format!("{:032x}", ClaimId::random().bits());
        let lease = ["30000000", "30000000000", "30000"];
        let mut claim = vec!["claim", &claim_id, "", "charge", ""];
        claim.extend(lease);
        claim.extend([""; 4]);
        let won = self.run(id, &claim).await;
        let [done, fence] = &won[..] else {
            panic!("{won:?}");
        };
        assert_eq!(done, "done");
        let complete = ["complete", fence, &claim_id, "success", "1", "1999"];
        assert_eq!(self.run(id, &complete).await, ["done"]);
    }

    async fn run(&self, id: ActionId, arguments: &[&str]) -> Vec<String> {
        let tag = format!("{{hand:{:02x}}}", id.as_bytes()[0]);
        let id = id.to_string();
        let keys = [&id, "fence", "ids", "due"].map(|key| format!("{tag}:{key}"));
        let keys = keys.each_ref().map(String::as_str);
        // The operation is followed by the id.
        let mut arguments = arguments.to_vec();
        arguments.insert(1, &id);
        self.0.lock().await.run(&keys, &arguments).await
    }
}
