//! `#[retry_worker]` on methods: `self` in all its forms, impls, traits, generics.

mod worker {
    mod async_traits;
    mod generics;
    mod handles;
    mod receivers;
    mod recursion;
    mod tasks;
    mod traits;
}
