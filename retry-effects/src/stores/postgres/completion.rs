//! The completion of an action in a transaction of the user's, by whatever driver.

use super::row::{APPLIED, code, number, uuid};
use super::server::Server;
use crate::protocol::completion::{Completion, Dialect, SqlParam};
use crate::protocol::ids::Token;
use crate::protocol::operation::Write;
use crate::protocol::payload::{FORMAT, Payload};

/// Returns the statement for a decision on the record of the token's owner.
pub(super) fn of(server: &Server, token: &Token, write: &Write) -> Completion {
    let payload = write.payload.as_ref();
    let params = vec![
        SqlParam::Bytes(token.id().as_bytes().to_vec()),
        SqlParam::Integer(number(token.fence())),
        SqlParam::Text(uuid(token.claim_id()).to_string()),
        SqlParam::Integer(code(write.status).into()),
        SqlParam::Integer(if write.applied { APPLIED.into() } else { 0 }),
        SqlParam::Integer(payload.map_or(FORMAT, Payload::format).into()),
        SqlParam::Text(payload.map(|it| it.json().to_owned()).unwrap_or_default()),
    ];
    let sql = server.statements().completion.clone();
    Completion::new(Dialect::Postgres, sql, params).with_mark()
}
