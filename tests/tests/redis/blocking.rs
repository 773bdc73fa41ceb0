//! Without a runtime.

use retry_effects::{Effect, EffectStore, RedisEffectStore};
use retry_tests::redis::ThrowawayRedis;

use super::place::fresh_prefix;

#[test]
fn a_sync_call_needs_no_runtime() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let options = RedisEffectStore::options().prefix(fresh_prefix());
    let store = options.connect_blocking(&server.url()).expect("a store");
    assert_eq!((store.kind(), store.needs_runtime()), ("redis", false));
    let mut charged = 0;
    for _ in 0..3 {
        let receipt = Effect::new("charge", &42).store(store.clone()).run(|| {
            charged += 1;
            Ok::<_, String>(charged)
        });
        assert_eq!(receipt, Ok(1));
    }
    assert_eq!(charged, 1);
}
