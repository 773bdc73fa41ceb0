//! Replies of a Redis server, as bytes: records and lists of them, or a typed error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use retry_effects::__fuzz::read_redis_reply;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(reply) = redis::parse_redis_value(bytes) {
        match read_redis_reply(&reply) {
            Ok(_) => {}
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
