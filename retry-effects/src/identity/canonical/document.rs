//! The whole text whose hash is an action's id: type, payload and scope.

use serde::ser::Serialize;

use super::text;
use super::writer::Writer;
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
    Ok(writer.out)
}

/// Appends the scope and ends the text.
pub(crate) fn add_scope(text: &mut Vec<u8>, scope: &str) {
    text.extend_from_slice(b",\"scope\":");
    text::write(text, scope);
    text.push(b'}');
}
