//! The idempotency key of a request: from the identity of the call under way, and a label.

use std::fmt::Display;

use sha2::{Digest, Sha256};

use super::key_error::KeyError;
use super::key_scope;
use crate::gate::ambient;
use crate::identity::action_id::ActionId;

/// The most bytes of a label.
const LONGEST: usize = 255;

/// Returns the key of the request that `label` names within the call under way.
pub(super) fn key(label: &str) -> Result<String, KeyError> {
    check(label).map_err(KeyError::recognized)?;
    if let Some(action) = ambient::action() {
        action.requests(label);
        return Ok(derived(&action.token.id(), label));
    }
    // A spawned task of a call has no identity either, and a key at random would protect nothing there.
    let identity = key_scope::current().ok_or_else(|| KeyError::NotStable.recognized())?;
    Ok(derived(&format_args!("{identity:032x}"), label))
}

/// An identity has as many digits as any other of its kind, so that no two pairs have the same text.
fn derived(identity: &dyn Display, label: &str) -> String {
    let digest = Sha256::digest(format!("{identity}:{label}"));
    // 32 bytes as lower-case hexadecimal digits, like an id.
    ActionId::from_bytes(digest.into()).to_string()
}

fn check(label: &str) -> Result<(), KeyError> {
    if label.is_empty() {
        return Err(KeyError::EmptyLabel);
    }
    if label.len() > LONGEST {
        let length = label.len();
        return Err(KeyError::LongLabel { length });
    }
    match label.char_indices().find(|(_, it)| it.is_control()) {
        Some((at, character)) => Err(KeyError::ControlCharacter { character, at }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::action_id::compute_action_id;

    #[test]
    fn the_format_is_fixed() {
        let id = compute_action_id("charge", &42, "tenant-7").expect("an id");
        assert_eq!(
            id.to_string(),
            "d8493c82f95fe8c183df6a097b2f3ef68849fe273b754d8f366986ec5791ed3d"
        );
        assert_eq!(
            derived(&id, "charge"),
            "197e43fa428c4eb98aa17b25cbee82e0301a645c25ac043a3e930cf06442f266"
        );
    }

    #[test]
    fn labels() {
        for (label, text) in [
            ("", "the label of an idempotency key is empty"),
            (
                "a\u{7}",
                "the label of an idempotency key has the control character U+0007 at byte 1; it must have none",
            ),
            (
                "ä\n",
                "the label of an idempotency key has the control character U+000A at byte 2; it must have none",
            ),
        ] {
            assert_eq!(key(label).expect_err(label).to_string(), text);
        }
        let longest = "ä".repeat(127) + "b";
        assert_eq!(check(&longest), Ok(()));
        let length = 256;
        assert_eq!(
            key(&"a".repeat(length)),
            Err(KeyError::LongLabel { length })
        );
    }

    #[test]
    fn outside_of_any_call_there_is_no_key() {
        assert_eq!(key("charge"), Err(KeyError::NotStable));
    }
}
