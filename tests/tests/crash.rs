//! The gate against what happens to processes and servers: they race, they are killed, they are
//! stopped, their clocks are moved, their connections are cut, their file is taken from them.
//!
//! One harness for all durable stores: each test runs on a SQLite file and, with the features
//! `postgres` and `redis`, on servers that it starts itself. Effects are counted outside the store,
//! in files that every attempt appends to. Each test prints a line with what it has seen
//! (`--nocapture`). The full numbers:
//!
//! ```text
//! RETRY_EFFECTS_FULL=1 cargo test --release -p retry-tests --features postgres,redis --test crash -- --nocapture
//! ```
//!
//! `RETRY_TESTS_SEED` repeats a run that printed its seed.
#![cfg(unix)]

#[cfg(test)]
mod crash {
    mod callee;
    mod clock;
    #[cfg(any(feature = "postgres", feature = "redis"))]
    mod cut;
    mod failure;
    mod file;
    mod hands;
    mod kill;
    mod kill_at;
    mod kill_random;
    #[cfg(any(feature = "postgres", feature = "redis"))]
    mod outage;
    mod place;
    mod point;
    mod race;
    mod recovery;
    mod site;
    mod stop;
    mod stream;
    #[cfg(feature = "postgres")]
    mod transaction;
    mod worker;

    use retry_tests::short_or_full;

    /// A test of every durable store; of a server that is not installed it is skipped.
    macro_rules! on_each_store {
        ($test:ident) => {
            mod $test {
                use crate::crash::site::Site;

                #[test]
                fn sqlite() {
                    super::$test(&Site::sqlite());
                }

                #[cfg(feature = "postgres")]
                #[test]
                fn postgres() {
                    if let Some(site) = Site::postgres() {
                        super::$test(&site);
                    }
                }

                #[cfg(feature = "redis")]
                #[test]
                fn redis() {
                    if let Some(site) = Site::redis() {
                        super::$test(&site);
                    }
                }
            }
        };
    }
    use on_each_store;

    /// A test of every store that is on a server, which it may kill.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    macro_rules! on_each_server {
        ($test:ident) => {
            mod $test {
                use crate::crash::site::Site;

                #[cfg(feature = "postgres")]
                #[test]
                fn postgres() {
                    if let Some(site) = Site::postgres_apart() {
                        super::$test(site);
                    }
                }

                #[cfg(feature = "redis")]
                #[test]
                fn redis() {
                    if let Some(site) = Site::redis_apart() {
                        super::$test(site);
                    }
                }
            }
        };
    }
    #[cfg(any(feature = "postgres", feature = "redis"))]
    use on_each_server;

    /// A runtime of one thread.
    fn runtime() -> tokio::runtime::Runtime {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().expect("a runtime")
    }

    /// The seed of a test: another one each time, unless `RETRY_TESTS_SEED` names one.
    fn seed() -> u64 {
        let named = std::env::var("RETRY_TESTS_SEED").ok();
        named.map_or_else(
            || retry_effects::store::ClaimId::random().bits() as u32 as u64,
            |seed| seed.parse().expect("RETRY_TESTS_SEED is a number"),
        )
    }
}
