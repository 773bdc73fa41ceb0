//! A script on the server, and a bare connection.

use std::sync::Arc;

use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use retry_tests::redis::ThrowawayRedis;

/// A script that the server has loaded.
#[derive(Clone)]
pub(super) struct Script {
    connection: MultiplexedConnection,
    hash: Arc<str>,
}

impl Script {
    pub(super) async fn load(server: &ThrowawayRedis, text: &str) -> Self {
        let client = redis::Client::open(server.url()).expect("a URL");
        let connection = client.get_multiplexed_async_connection().await;
        let mut connection = connection.expect("a connection");
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(text);
        let hash: String = load.query_async(&mut connection).await.expect("a script");
        Self {
            connection,
            hash: hash.into(),
        }
    }

    /// Runs it; the connection sends requests of many callers without waiting for answers.
    pub(super) async fn run<A: FromRedisValue>(&self, keys: &[&str], arguments: &[&str]) -> A {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&*self.hash).arg(keys.len());
        command.arg(keys).arg(arguments);
        let answer = command.query_async(&mut self.connection.clone()).await;
        answer.expect("the script's answer to an owner")
    }
}
