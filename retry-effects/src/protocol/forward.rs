//! Forwarding of [`EffectStore`](crate::EffectStore): a store around another one.

/// Forwards the methods of [`EffectStore`](crate::EffectStore) to a store inside, except the named
/// ones, which the implementation writes itself.
///
/// Use it in an `impl EffectStore` block. A wrapper written by hand would copy fifteen methods,
/// and one without [`needs_runtime`](crate::EffectStore::needs_runtime) or
/// [`hears_all`](crate::EffectStore::hears_all) would silently take their defaults. A method that
/// is written and not named is a compile error. One that is named and not written has the trait's
/// default, if there is one.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use retry_effects::store::{Claim, ClaimRequest, StoreFuture};
/// use retry_effects::{Effect, EffectStore, InMemoryEffectStore, forward_effect_store};
///
/// /// A store that counts its claims.
/// #[derive(Debug)]
/// struct Counted {
///     inner: Arc<dyn EffectStore>,
///     claims: AtomicU64,
/// }
///
/// impl EffectStore for Counted {
///     forward_effect_store!(|this| &*this.inner, except pending);
///
///     fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim> {
///         self.claims.fetch_add(1, Ordering::Relaxed);
///         self.inner.pending(request)
///     }
/// }
///
/// let inner = Arc::new(InMemoryEffectStore::new());
/// let store = Arc::new(Counted { inner, claims: AtomicU64::new(0) });
/// for _ in 0..2 {
///     Effect::new("charge", &42).store(&store).run(|| Ok::<_, String>(7))?;
/// }
/// // The second call found the result, and claimed nothing.
/// assert_eq!(store.claims.load(Ordering::Relaxed), 1);
/// assert!(!store.needs_runtime(), "as the store inside");
/// # Ok::<(), String>(())
/// ```
#[macro_export]
macro_rules! forward_effect_store {
    (|$this:ident| $inner:expr $(, except $($own:ident),+ $(,)?)?) => {
        $crate::forward_effect_store!(@all [$($($own)+)?] ($this $inner));
    };
    (@all $own:tt $target:tt) => {
        $crate::forward_effect_store!(@resolve $own $target);
        $crate::forward_effect_store!(@pending $own $target);
        $crate::forward_effect_store!(@complete $own $target);
        $crate::forward_effect_store!(@renew $own $target);
        $crate::forward_effect_store!(@release $own $target);
        $crate::forward_effect_store!(@get $own $target);
        $crate::forward_effect_store!(@list $own $target);
        $crate::forward_effect_store!(@purge $own $target);
        $crate::forward_effect_store!(@settle $own $target);
        $crate::forward_effect_store!(@completion $own $target);
        $crate::forward_effect_store!(@counts $own $target);
        $crate::forward_effect_store!(@changed $own $target);
        $crate::forward_effect_store!(@hears_all $own $target);
        $crate::forward_effect_store!(@needs_runtime $own $target);
        $crate::forward_effect_store!(@is_remote $own $target);
        $crate::forward_effect_store!(@kind $own $target);
    };
    (@resolve [resolve $($rest:ident)*] $target:tt) => {};
    (@resolve [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@resolve [$($rest)*] $target);
    };
    (@resolve [] ($this:ident $inner:expr)) => {
        fn resolve(&self, id: $crate::ActionId) -> $crate::store::StoreFuture<'_, $crate::store::Resolved> {
            let $this = self;
            $crate::EffectStore::resolve($inner, id)
        }
    };
    (@pending [pending $($rest:ident)*] $target:tt) => {};
    (@pending [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@pending [$($rest)*] $target);
    };
    (@pending [] ($this:ident $inner:expr)) => {
        fn pending<'a>(&'a self, request: &'a $crate::store::ClaimRequest) -> $crate::store::StoreFuture<'a, $crate::store::Claim> {
            let $this = self;
            $crate::EffectStore::pending($inner, request)
        }
    };
    (@complete [complete $($rest:ident)*] $target:tt) => {};
    (@complete [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@complete [$($rest)*] $target);
    };
    (@complete [] ($this:ident $inner:expr)) => {
        fn complete<'a>(&'a self, token: &'a $crate::Token, outcome: $crate::Outcome) -> $crate::store::StoreFuture<'a, ()> {
            let $this = self;
            $crate::EffectStore::complete($inner, token, outcome)
        }
    };
    (@renew [renew $($rest:ident)*] $target:tt) => {};
    (@renew [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@renew [$($rest)*] $target);
    };
    (@renew [] ($this:ident $inner:expr)) => {
        fn renew<'a>(&'a self, token: &'a $crate::Token, lease: ::core::time::Duration) -> $crate::store::StoreFuture<'a, ()> {
            let $this = self;
            $crate::EffectStore::renew($inner, token, lease)
        }
    };
    (@release [release $($rest:ident)*] $target:tt) => {};
    (@release [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@release [$($rest)*] $target);
    };
    (@release [] ($this:ident $inner:expr)) => {
        fn release<'a>(&'a self, token: &'a $crate::Token) -> $crate::store::StoreFuture<'a, ::core::option::Option<$crate::store::Finished>> {
            let $this = self;
            $crate::EffectStore::release($inner, token)
        }
    };
    (@get [get $($rest:ident)*] $target:tt) => {};
    (@get [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@get [$($rest)*] $target);
    };
    (@get [] ($this:ident $inner:expr)) => {
        fn get(&self, id: $crate::ActionId) -> $crate::store::StoreFuture<'_, ::core::option::Option<$crate::Record>> {
            let $this = self;
            $crate::EffectStore::get($inner, id)
        }
    };
    (@list [list $($rest:ident)*] $target:tt) => {};
    (@list [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@list [$($rest)*] $target);
    };
    (@list [] ($this:ident $inner:expr)) => {
        fn list<'a>(&'a self, filter: &'a $crate::store::Filter) -> $crate::store::StoreFuture<'a, ::std::vec::Vec<$crate::Record>> {
            let $this = self;
            $crate::EffectStore::list($inner, filter)
        }
    };
    (@purge [purge $($rest:ident)*] $target:tt) => {};
    (@purge [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@purge [$($rest)*] $target);
    };
    (@purge [] ($this:ident $inner:expr)) => {
        fn purge(&self, age: ::core::time::Duration) -> $crate::store::StoreFuture<'_, u64> {
            let $this = self;
            $crate::EffectStore::purge($inner, age)
        }
    };
    (@settle [settle $($rest:ident)*] $target:tt) => {};
    (@settle [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@settle [$($rest)*] $target);
    };
    (@settle [] ($this:ident $inner:expr)) => {
        fn settle<'a>(&'a self, id: $crate::ActionId, fence: $crate::Fence, settlement: $crate::store::Settlement) -> $crate::store::StoreFuture<'a, ()> {
            let $this = self;
            $crate::EffectStore::settle($inner, id, fence, settlement)
        }
    };
    (@completion [completion $($rest:ident)*] $target:tt) => {};
    (@completion [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@completion [$($rest)*] $target);
    };
    (@completion [] ($this:ident $inner:expr)) => {
        fn completion(&self, token: &$crate::Token, outcome: &$crate::Outcome) -> ::core::result::Result<$crate::store::Completion, $crate::StoreError> {
            let $this = self;
            $crate::EffectStore::completion($inner, token, outcome)
        }
    };
    (@counts [counts $($rest:ident)*] $target:tt) => {};
    (@counts [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@counts [$($rest)*] $target);
    };
    (@counts [] ($this:ident $inner:expr)) => {
        fn counts(&self) -> $crate::store::StoreFuture<'_, $crate::store::Counts> {
            let $this = self;
            $crate::EffectStore::counts($inner)
        }
    };
    (@changed [changed $($rest:ident)*] $target:tt) => {};
    (@changed [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@changed [$($rest)*] $target);
    };
    (@changed [] ($this:ident $inner:expr)) => {
        fn changed(&self, id: $crate::ActionId) -> $crate::store::Changed {
            let $this = self;
            $crate::EffectStore::changed($inner, id)
        }
    };
    (@hears_all [hears_all $($rest:ident)*] $target:tt) => {};
    (@hears_all [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@hears_all [$($rest)*] $target);
    };
    (@hears_all [] ($this:ident $inner:expr)) => {
        fn hears_all(&self) -> bool {
            let $this = self;
            $crate::EffectStore::hears_all($inner)
        }
    };
    (@is_remote [is_remote $($rest:ident)*] $target:tt) => {};
    (@is_remote [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@is_remote [$($rest)*] $target);
    };
    (@is_remote [] ($this:ident $inner:expr)) => {
        fn is_remote(&self) -> bool {
            let $this = self;
            $crate::EffectStore::is_remote($inner)
        }
    };
    (@needs_runtime [needs_runtime $($rest:ident)*] $target:tt) => {};
    (@needs_runtime [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@needs_runtime [$($rest)*] $target);
    };
    (@needs_runtime [] ($this:ident $inner:expr)) => {
        fn needs_runtime(&self) -> bool {
            let $this = self;
            $crate::EffectStore::needs_runtime($inner)
        }
    };
    (@kind [kind $($rest:ident)*] $target:tt) => {};
    (@kind [$other:ident $($rest:ident)*] $target:tt) => {
        $crate::forward_effect_store!(@kind [$($rest)*] $target);
    };
    (@kind [] ($this:ident $inner:expr)) => {
        fn kind(&self) -> &'static str {
            let $this = self;
            $crate::EffectStore::kind($inner)
        }
    };
}
