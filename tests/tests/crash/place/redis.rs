//! A store under a prefix of a Redis server.

use std::path::PathBuf;

use retry_effects::{ActionId, RedisEffectStore};
use retry_tests::redis::command;

#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    prefix: String,
    socket: PathBuf,
}

/// Only where a claim holds it.
const END_LEASE: &str = "if redis.call('HGET', KEYS[1], 'status') == 'pending' then \
    redis.call('HSET', KEYS[1], 'until', '0') end return 1";

impl Prefix {
    pub(super) fn open(prefix: &str, url: &str) -> (RedisEffectStore, Self) {
        let options = RedisEffectStore::options().prefix(prefix);
        let socket = url.strip_prefix("unix://").expect("a socket");
        let place = Self {
            prefix: prefix.to_owned(),
            socket: socket.into(),
        };
        (options.connect_blocking(url).expect("it opens"), place)
    }

    pub(super) fn end_lease(&self, id: ActionId) {
        let tag = id.as_bytes()[0];
        let key = format!("{{{}:{tag:02x}}}:{id}", self.prefix);
        let ended = command(&self.socket, &["EVAL", END_LEASE, "1", &key]);
        assert_eq!(ended.expect("an answer"), ":1\r\n");
    }
}
