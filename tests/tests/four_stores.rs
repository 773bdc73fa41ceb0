//! The same functions on each of the four stores: nothing but the store that is opened differs.
//!
//! Memory and SQLite always; Postgres and Redis with the features `postgres` and `redis`:
//!
//! ```text
//! cargo test -p retry-tests --features postgres,redis --test four_stores
//! ```
#![cfg(unix)]

#[cfg(test)]
mod four_stores {
    /// Each of these functions is a test on each store, with a place where that store lies.
    macro_rules! on_each_store {
        ($($test:ident),+ $(,)?) => {
            on_each_store!(@on memory: $($test),+);
            on_each_store!(@on sqlite: $($test),+);
            #[cfg(feature = "postgres")]
            on_each_store!(@on postgres: $($test),+);
            #[cfg(feature = "redis")]
            on_each_store!(@on redis: $($test),+);
        };
        (@on $store:ident: $($test:ident),+) => {
            mod $store {
                $(
                    #[test]
                    fn $test() {
                        // Without its server there is nothing to test, which has been said.
                        if let Some(place) = crate::four_stores::place::Place::$store() {
                            super::$test(&place);
                        }
                    }
                )+
            }
        };
    }

    mod blocked;
    mod default_store;
    mod doubt;
    mod duplicates;
    mod moving;
    mod overheard;
    mod own_type;
    mod place;
    mod race;
    #[cfg(any(feature = "postgres", feature = "redis"))]
    mod rights;
    mod shop;
    mod sync_calls;
}
