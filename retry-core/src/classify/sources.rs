//! An error and its sources, one after the other.

use std::error::Error;
use std::sync::Arc;

/// A longer chain is taken for a cycle.
const LONGEST_CHAIN: usize = 64;

/// Returns `first` and its sources, outermost first.
pub(crate) fn layers<'a>(
    first: Option<&'a (dyn Error + 'static)>,
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let source = |error: &&'a (dyn Error + 'static)| (**error).source().map(shared);
    std::iter::successors(first.map(shared), source).take(LONGEST_CHAIN)
}

/// Returns the error that an `Arc<dyn Error ..>` holds. The source of the `Arc` is the source of that error, which
/// would be passed over.
fn shared<'a>(layer: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    if let Some(held) = layer.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return &**held;
    }
    if let Some(held) = layer.downcast_ref::<Arc<dyn Error + Send>>() {
        return &**held;
    }
    match layer.downcast_ref::<Arc<dyn Error>>() {
        Some(held) => &**held,
        None => layer,
    }
}

/// Returns the error of this type that a layer is, or holds in a `Box` or an `Arc`: the source of these is the
/// source of what they hold, so that no further layer is that error.
pub(crate) fn held_as<'a, E: Error + 'static>(layer: &'a (dyn Error + 'static)) -> Option<&'a E> {
    if let Some(error) = layer.downcast_ref::<E>() {
        return Some(error);
    }
    if let Some(boxed) = layer.downcast_ref::<Box<E>>() {
        return Some(boxed);
    }
    layer.downcast_ref::<Arc<E>>().map(|shared| &**shared)
}
