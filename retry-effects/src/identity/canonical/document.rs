//! The whole text that an action's id is the hash of: type, payload and scope.

use serde::ser::Serialize;

use super::text;
use super::writer::Writer;
use crate::identity::error::ActionIdError;

/// The text whose hash is the action's id, up to its scope.
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

/// Ends the text with its scope.
pub(crate) fn add_scope(text: &mut Vec<u8>, scope: &str) {
    text.extend_from_slice(b",\"scope\":");
    text::write(text, scope);
    text.push(b'}');
}
