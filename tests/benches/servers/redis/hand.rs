//! Clients by hand.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use retry_effects::ActionId;
use retry_effects::store::ClaimId;
use retry_tests::redis::ThrowawayRedis;
use tokio::sync::Mutex;

use super::Side;

/// The script of the first release, by the server's clock.
const FIRST_RELEASE: &str = concat!(
    "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]\n",
    include_str!("../../../tests/redis/version_1/script.lua"),
);

/// A claim on no record, or what there is; and a completion by its owner.
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

async fn loaded(server: &ThrowawayRedis, script: &str) -> (MultiplexedConnection, Arc<str>) {
    let client = redis::Client::open(server.url()).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await;
    let mut connection = connection.expect("a connection");
    let mut load = redis::cmd("SCRIPT");
    load.arg("LOAD").arg(script);
    let hash: String = load.query_async(&mut connection).await.expect("a script");
    (connection, hash.into())
}

/// What anybody would write: a connection, a lock and a script.
#[derive(Clone)]
pub(super) struct ByHand {
    connection: Arc<Mutex<MultiplexedConnection>>,
    hash: Arc<str>,
}

impl ByHand {
    pub(super) async fn at(server: &ThrowawayRedis) -> Self {
        let (connection, hash) = loaded(server, FIRST_RELEASE).await;
        Self {
            connection: Arc::new(Mutex::new(connection)),
            hash,
        }
    }

    fn command(&self, id: ActionId, operation: &str) -> redis::Cmd {
        let tag = format!("{{hand:{:02x}}}", id.as_bytes()[0]);
        let mut command = redis::cmd("EVALSHA");
        command.arg(&*self.hash).arg(4);
        command
            .arg(format!("{tag}:{id}"))
            .arg(format!("{tag}:fence"));
        command.arg(format!("{tag}:ids")).arg(format!("{tag}:due"));
        command.arg(operation).arg(id.to_string());
        command
    }

    async fn send(&self, command: redis::Cmd) -> Vec<String> {
        let mut connection = self.connection.lock().await;
        let answer = command.query_async(&mut *connection).await;
        answer.expect("an answer")
    }
}

impl Side for ByHand {
    async fn pass(&self, id: ActionId) {
        let claim_id = format!("{:032x}", ClaimId::random().bits());
        let mut claim = self.command(id, "claim");
        claim.arg(&claim_id).arg("").arg("bench").arg("");
        claim.arg(30_000_000).arg(30_000_000_000_u64);
        claim.arg(30_000).arg("").arg("").arg("").arg("");
        let won = self.send(claim).await;
        let [done, fence] = &won[..] else {
            panic!("{won:?}");
        };
        assert_eq!(done, "done");
        let mut complete = self.command(id, "complete");
        complete.arg(fence).arg(&claim_id);
        complete.arg("success").arg(1).arg("\"receipt\"");
        assert_eq!(self.send(complete).await, ["done"]);
    }
}

/// The least that keeps the promises.
#[derive(Clone)]
pub(super) struct Short {
    connection: MultiplexedConnection,
    hash: Arc<str>,
}

impl Short {
    pub(super) async fn at(server: &ThrowawayRedis) -> Self {
        let (connection, hash) = loaded(server, SHORT).await;
        Self { connection, hash }
    }

    async fn send(&self, id: ActionId, arguments: &[&str]) -> u64 {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&*self.hash).arg(2);
        let tag = format!("{{short:{:02x}}}", id.as_bytes()[0]);
        command
            .arg(format!("{tag}:{id}"))
            .arg(format!("{tag}:fence"));
        command.arg(arguments);
        let answer = command.query_async(&mut self.connection.clone()).await;
        answer.expect("nobody else claims it")
    }
}

impl Side for Short {
    async fn pass(&self, id: ActionId) {
        let claim_id = format!("{:032x}", ClaimId::random().bits());
        let fence = self.send(id, &["claim", &claim_id, "", "30000000"]).await;
        let fence = fence.to_string();
        let completion = ["complete", &fence, &claim_id, "\"receipt\""];
        assert_eq!(self.send(id, &completion).await, 1);
    }
}
