//! The whole text whose hash is an action's id: type, payload and scope.

use serde::ser::Serialize;

use super::text;
use super::writer::{self, Writer};
use crate::identity::error::ActionIdError;

/// Returns the hashed text up to the scope.
pub(crate) fn unscoped_text(
    action_type: &str,
    payload: &(impl Serialize + ?Sized),
) -> Result<Vec<u8>, ActionIdError> {
    let mut writer = Writer::new();
    writer.out.extend_from_slice(b"{\"action_type\":");
    text::write(&mut writer.out, action_type);
    writer.out.extend_from_slice(b",\"payload\":");
    writer
        .value(payload)
        .map_err(|error| error.within("payload"))?;
    Ok(writer.finish())
}

/// Appends the scope and ends the text, of which `hash` makes the id.
pub(crate) fn in_scope<R>(mut text: Vec<u8>, scope: &str, hash: impl FnOnce(&[u8]) -> R) -> R {
    text.extend_from_slice(b",\"scope\":");
    text::write(&mut text, scope);
    text.push(b'}');
    let hashed = hash(&text);
    writer::give_back(text);
    hashed
}
