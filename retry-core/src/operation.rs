//! [`Operation`]: the name of a call's operation, for logs, errors, settings and statistics.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::policy::class::OperationClass;

/// An operation's class and name.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    class: Option<OperationClass>,
    name: Name,
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Given(&'static str),
    At(&'static Location<'static>),
}

/// Class label of calls without an attribute in counters and logs.
const AD_HOC: &str = "ad_hoc";

impl Operation {
    pub(crate) const fn annotated(class: OperationClass, name: &'static str) -> Self {
        Self {
            class: Some(class),
            name: Name::Given(name),
        }
    }

    pub(crate) const fn named(name: &'static str) -> Self {
        Self {
            class: None,
            name: Name::Given(name),
        }
    }

    pub(crate) const fn at(caller: &'static Location<'static>) -> Self {
        Self {
            class: None,
            name: Name::At(caller),
        }
    }

    pub(crate) const fn operation_class(&self) -> Option<OperationClass> {
        self.class
    }

    pub(crate) fn class(&self) -> &'static str {
        self.class.map_or(AD_HOC, OperationClass::as_str)
    }

    /// Returns the name; for a call without one, its file and line.
    pub(crate) fn name(&self) -> &'static str {
        match self.name {
            Name::Given(name) => name,
            Name::At(caller) => place(caller),
        }
    }
}

/// Distinguishes operations without reading their names: by the address of the name, its length and
/// the class. One operation may have several identities.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    address: usize,
    rest: usize,
}

impl Identity {
    /// Returns a small number that differs for most operations.
    #[inline]
    pub(crate) const fn slot(self) -> usize {
        (self.address >> 3) ^ (self.address >> 8)
    }
}

impl Operation {
    #[inline]
    pub(crate) fn identity(&self) -> Identity {
        let class = self.class.map_or(0, |class| class as usize + 1);
        let (address, length) = match self.name {
            Name::Given(name) => (name.as_ptr().addr(), name.len()),
            // No name is that long.
            Name::At(caller) => (std::ptr::from_ref(caller).addr(), usize::MAX >> 4),
        };
        Identity {
            address,
            rest: length << 3 | class,
        }
    }
}

/// Returns the `file:line` of a call, made once for each place in the program and never freed.
fn place(caller: &'static Location<'static>) -> &'static str {
    type Places = HashMap<(&'static str, u32), &'static str>;
    static PLACES: LazyLock<Mutex<Places>> = LazyLock::new(Mutex::default);
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    places
        .entry((caller.file(), caller.line()))
        .or_insert_with(|| format!("{}:{}", caller.file(), caller.line()).leak())
}
