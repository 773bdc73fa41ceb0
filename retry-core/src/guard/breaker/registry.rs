//! Registry of all named breakers, which are found and shared by name. Those in the program's text stay
//! for good; those made at run time stay as long as a handle to them exists.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::circuit_breaker::CircuitBreaker;
use super::config::BreakerConfig;
use super::error::UnknownBreaker;
use crate::report::circuit;
use crate::sync::registry;
use crate::sync::registry::Registry;
use crate::text::circuit_name::CircuitName;

/// Class and name. A breaker named by code has no class; one made for an operation has its class.
type Key = (Option<&'static str>, &'static str);

/// One entry for each breaker in the program's text. Those named by code come first.
static REGISTRY: Registry<Key, CircuitBreaker> = Registry::new();

/// Breakers made at run time. [`forget`] removes one when it is dropped.
static SHARED: Mutex<BTreeMap<CircuitName, Weak<CircuitBreaker>>> = Mutex::new(BTreeMap::new());

/// Lookup.
impl CircuitBreaker {
    /// Returns the breaker of that name: one named by code, else one made for an operation. If
    /// operations of several classes share a name, the first in the order of classes; [`all`](Self::all)
    /// has all of them.
    ///
    /// A breaker that an attribute makes is known from its first call; one that code makes, from
    /// [`register`](Self::register).
    ///
    /// # Errors
    ///
    /// [`UnknownBreaker`], which lists the known names.
    ///
    /// ```
    /// use retry_core::{CircuitBreaker, CircuitState};
    ///
    /// static PAYMENTS: CircuitBreaker = CircuitBreaker::new("payments");
    /// PAYMENTS.register();
    ///
    /// CircuitBreaker::find("payments")?.force_open();
    /// assert_eq!(PAYMENTS.state(), CircuitState::ForcedOpen);
    /// assert_eq!(
    ///     CircuitBreaker::find("refunds").unwrap_err().to_string(),
    ///     "unknown circuit breaker \"refunds\"; known are payments",
    /// );
    /// # Ok::<(), retry_core::UnknownBreaker>(())
    /// ```
    pub fn find(name: &str) -> Result<&'static Self, UnknownBreaker> {
        let known = REGISTRY.all();
        let found = known.iter().find(|((_, known), _)| *known == name);
        found
            .map(|(_, breaker)| *breaker)
            .ok_or_else(|| UnknownBreaker {
                name: name.to_owned(),
                known: known.iter().map(|((_, known), _)| *known).collect(),
            })
    }

    /// Returns every known breaker, those named by code first: for dashboards.
    #[must_use]
    pub fn all() -> Vec<&'static Self> {
        let all = REGISTRY.all();
        all.into_iter().map(|(_, breaker)| breaker).collect()
    }

    /// Makes this breaker, which code made, known to [`find`](Self::find) and [`all`](Self::all).
    /// Repeating it changes nothing. The first one of a name stays; another one is reported at
    /// ERROR.
    pub fn register(&'static self) {
        let known = REGISTRY.get_or_keep((self.class, self.name()), || self);
        if !std::ptr::eq(known, self) {
            known.dispute();
        }
    }

    /// Like [`register`](Self::register), for a breaker made at run time:
    /// [`find_shared`](Self::find_shared) and [`all_shared`](Self::all_shared) list it until its
    /// last handle is dropped. The first one of a name stays; another one is reported at ERROR.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use retry_core::CircuitBreaker;
    ///
    /// let breaker = Arc::new(CircuitBreaker::named("shard 7".to_owned()));
    /// breaker.register_shared();
    /// let found = CircuitBreaker::find_shared("shard 7").expect("there is a handle");
    /// found.force_open();
    /// drop((breaker, found));
    /// assert!(CircuitBreaker::find_shared("shard 7").is_none());
    /// ```
    pub fn register_shared(self: &Arc<Self>) {
        let mut known = shared();
        let first = known.get(self.name()).and_then(Weak::upgrade);
        if first.is_none() {
            known.insert(self.name.clone(), Arc::downgrade(self));
            self.listed.store(true, Ordering::Relaxed);
        }
        // A breaker may be dropped here, which needs the lock.
        drop(known);
        if let Some(first) = first
            && !Arc::ptr_eq(&first, self)
        {
            first.dispute();
        }
    }

    /// Returns the breaker of that name among those made at run time, if a handle to it still exists.
    #[must_use]
    pub fn find_shared(name: &str) -> Option<Arc<Self>> {
        shared().get(name).and_then(Weak::upgrade)
    }

    /// Returns every known breaker made at run time, in the order of names.
    #[must_use]
    pub fn all_shared() -> Vec<Arc<Self>> {
        shared().values().filter_map(Weak::upgrade).collect()
    }

    /// Returns the breaker that calls share by this name, made if there is none. The first configuration
    /// counts; a different one is logged once.
    pub(crate) fn shared(
        name: &'static str,
        config: BreakerConfig,
        is_given: bool,
    ) -> &'static Self {
        let breaker = REGISTRY.get_or_keep((None, name), || made(None, name, config));
        if is_given && breaker.config != config {
            breaker.dispute();
        }
        breaker
    }

    /// Returns an operation's own breaker. A new configuration, for example from newly installed
    /// settings, gives a new breaker; calls under way keep the old one.
    pub(crate) fn of_operation(
        class: &'static str,
        name: &'static str,
        config: BreakerConfig,
    ) -> &'static Self {
        REGISTRY.get_or_replace(
            (Some(class), name),
            |known| known.config == config,
            || made(Some(class), name, config),
        )
    }

    #[cold]
    fn dispute(&self) {
        if !self.disputed.swap(true, Ordering::Relaxed) {
            circuit::circuit_disputed(self.name());
        }
    }
}

/// Removes the dropped breaker of this name. Another breaker that took the name meanwhile stays.
pub(super) fn forget(name: &CircuitName) {
    let mut known = shared();
    if known
        .get(name.as_str())
        .is_some_and(|of| of.strong_count() == 0)
    {
        known.remove(name.as_str());
    }
}

fn shared() -> MutexGuard<'static, BTreeMap<CircuitName, Weak<CircuitBreaker>>> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn made(
    class: Option<&'static str>,
    name: &'static str,
    config: BreakerConfig,
) -> &'static CircuitBreaker {
    let name = CircuitName::new(name);
    registry::leaked(CircuitBreaker::unchecked(class, name, config))
}

/// Drops all state of the breaker, except for the series of a metrics recorder.
impl Drop for CircuitBreaker {
    fn drop(&mut self) {
        if *self.listed.get_mut() {
            forget(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: BreakerConfig = BreakerConfig::DEFAULT;

    #[test]
    fn one_breaker_for_a_class_and_name() {
        let own = |class| CircuitBreaker::of_operation(class, "registry run_task", CONFIG);
        let (worker, storage) = (own("worker"), own("storage"));
        assert!(std::ptr::eq(worker, own("worker")));
        assert!(!std::ptr::eq(worker, storage));
        assert_eq!(storage.class(), Some("storage"));
        let found = CircuitBreaker::find("registry run_task").expect("known");
        assert!(std::ptr::eq(found, storage));
        // A breaker named by code comes before those of operations.
        let named = CircuitBreaker::shared("registry run_task", CONFIG, true);
        let found = CircuitBreaker::find("registry run_task").expect("known");
        assert!(std::ptr::eq(found, named));
        let all = CircuitBreaker::all();
        let is_there = |one: &CircuitBreaker| all.iter().any(|known| std::ptr::eq(*known, one));
        assert!(is_there(worker) && is_there(storage) && is_there(named));
    }

    #[test]
    fn an_operation_under_another_configuration_begins_anew() {
        let own = |config| CircuitBreaker::of_operation("api", "registry renewed", config);
        let first = own(CONFIG);
        first.force_open();
        let second = own(BreakerConfig {
            failure_threshold: 9,
            ..CONFIG
        });
        assert_eq!(second.state(), crate::CircuitState::Closed);
        let found = CircuitBreaker::find("registry renewed").expect("known");
        assert!(std::ptr::eq(found, second));
    }

    #[cfg(feature = "testing")]
    #[test]
    fn the_first_configuration_counts_and_others_are_told_of_once() {
        static LATER: CircuitBreaker = CircuitBreaker::new("registry disputed");
        let recorder = crate::testing::Recorder::install();
        let first = BreakerConfig {
            failure_threshold: 1,
            ..CONFIG
        };
        let name = "registry disputed";
        let known = CircuitBreaker::shared(name, first, true);
        known.register();
        assert!(recorder.messages().is_empty());
        for _ in 0..2 {
            let again = CircuitBreaker::shared(name, CONFIG, true);
            assert!(std::ptr::eq(again, known));
            LATER.register();
        }
        assert_eq!(
            recorder.messages(),
            [
                "ERROR Circuit registry disputed is configured twice, differently: \
              the first configuration counts"
            ]
        );
    }

    #[cfg(feature = "testing")]
    #[test]
    fn a_shared_name_is_the_firsts_until_it_goes() {
        let recorder = crate::testing::Recorder::install();
        let make = || Arc::new(CircuitBreaker::named("registry shared".to_owned()));
        let (first, second) = (make(), make());
        let find = || CircuitBreaker::find_shared("registry shared");
        for _ in 0..2 {
            first.register_shared();
            second.register_shared();
        }
        assert_eq!(recorder.messages().len(), 1, "told of once");
        assert!(find().is_some_and(|found| Arc::ptr_eq(&found, &first)));
        drop(first);
        assert!(find().is_none() && !shared().contains_key("registry shared"));
        second.register_shared();
        assert!(find().is_some_and(|found| Arc::ptr_eq(&found, &second)));
        // A breaker that was never registered removes no other one.
        drop(make());
        let all = CircuitBreaker::all_shared();
        assert!(all.iter().any(|known| Arc::ptr_eq(known, &second)));
        // Breakers of the program's text are looked up separately.
        assert!(CircuitBreaker::find("registry shared").is_err());
    }
}
