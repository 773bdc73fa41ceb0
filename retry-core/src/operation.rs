//! [`Operation`]: what a call is called, for logs, errors, settings and statistics.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::policy::class::OperationClass;

/// A call's class and name.
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

/// The class that calls without an attribute are counted and logged under.
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

    /// The name, or the file and line of a call without one.
    pub(crate) fn name(&self) -> &'static str {
        match self.name {
            Name::Given(name) => name,
            Name::At(caller) => place(caller),
        }
    }
}

/// What tells operations apart without reading their names: the place in memory of what names them,
/// and the rest. One operation may have several.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    address: usize,
    rest: usize,
}

impl Identity {
    /// A small number that differs between most.
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

/// `file:line` of a call: made once for each place in the program, and kept.
fn place(caller: &'static Location<'static>) -> &'static str {
    type Places = HashMap<(&'static str, u32), &'static str>;
    static PLACES: LazyLock<Mutex<Places>> = LazyLock::new(Mutex::default);
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    places
        .entry((caller.file(), caller.line()))
        .or_insert_with(|| format!("{}:{}", caller.file(), caller.line()).leak())
}
