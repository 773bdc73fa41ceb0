//! [`Generations`]: a value resolved once for each installation of settings.

use std::sync::OnceLock;

use crate::settings::slot::generation;

/// A value for each generation of settings. Newer values hang below older ones, so that a value can be
/// borrowed for as long as the program runs, without a lock.
#[derive(Debug)]
pub(crate) struct Generations<T>(OnceLock<Box<Generation<T>>>);

#[derive(Debug)]
struct Generation<T> {
    number: u32,
    value: T,
    newer: Generations<T>,
}

impl<T> Default for Generations<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Generations<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the value under the settings in force. `make` builds a missing value and a report about
    /// it; `report` receives the report if the value is the first of its generation.
    #[inline]
    pub(crate) fn get<U>(&self, make: impl FnMut() -> (T, U), report: impl FnMut(&U)) -> &T {
        let number = generation();
        match self.0.get() {
            Some(first) if first.number == number => &first.value,
            _ => self.newest(number, make, report),
        }
    }

    /// [`Self::get`] for a first call, or after an installation.
    #[cold]
    fn newest<U>(
        &self,
        number: u32,
        mut make: impl FnMut() -> (T, U),
        mut report: impl FnMut(&U),
    ) -> &T {
        let mut slot = &self.0;
        loop {
            let Some(found) = slot.get() else {
                // `make` runs before the slot is set, and `report` after: nothing is held if a subscriber
                // calls this same function.
                let (value, reported) = make();
                let newer = Self::new();
                let fresh = Generation {
                    number,
                    value,
                    newer,
                };
                if slot.set(Box::new(fresh)).is_ok() {
                    report(&reported);
                }
                continue;
            };
            // A concurrent installation can make the value newer than `number`, which is as good.
            // An older value is passed over.
            if found.number >= number {
                return &found.value;
            }
            slot = &found.newer.0;
        }
    }
}
