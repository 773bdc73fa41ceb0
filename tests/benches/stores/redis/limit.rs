//! The least that keeps the promises, by a connection that all callers share and that does not wait for
//! answers.

use retry_effects::ActionId;
use retry_effects::store::ClaimId;
use retry_tests::redis::ThrowawayRedis;

use super::script::Script;

/// A claim of an absent record, which otherwise returns the record; and a completion by its owner.
const SHORT: &str = "
local found = redis.call('HMGET', KEYS[1], 'status', 'fence', 'claim', 'hash', 'until', 'payload')
if ARGV[1] == 'claim' then
  if found[1] then return found end
  local time = redis.call('TIME')
  local fence = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], 'status', 'pending', 'fence', fence, 'claim', ARGV[2], 'hash', ARGV[3],
    'until', time[1] * 1000000 + time[2] + ARGV[4])
  return fence
end
if found[1] == 'pending' and found[2] == ARGV[2] and found[3] == ARGV[3] then
  redis.call('HSET', KEYS[1], 'status', 'success', 'payload', ARGV[4])
  return 1
end
return found
";

#[derive(Clone)]
pub(super) struct Limit(Script);

impl Limit {
    pub(super) async fn connect(server: &ThrowawayRedis) -> Self {
        Self(Script::load(server, SHORT).await)
    }

    pub(super) async fn claim_and_complete(&self, id: ActionId) {
        let tag = format!("{{short:{:02x}}}", id.as_bytes()[0]);
        let keys = [format!("{tag}:{id}"), format!("{tag}:fence")];
        let keys = keys.each_ref().map(String::as_str);
        let claim_id = format!("{:032x}", ClaimId::random().bits());
        let claim = ["claim", &claim_id, "", "30000000"];
        let fence: u64 = self.0.run(&keys, &claim).await;
        let fence = fence.to_string();
        let complete = ["complete", &fence, &claim_id, "1999"];
        assert_eq!(self.0.run::<u64>(&keys, &complete).await, 1);
    }
}
