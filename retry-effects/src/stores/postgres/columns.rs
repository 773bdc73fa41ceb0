//! Changes as the parameters of a statement, one list per column.

use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::changes::{Deed, Write};
use super::row::{APPLIED, code, format, number, uuid};
use crate::identity::action_id::ActionId;
use crate::protocol::payload::Payload;

/// One change as it is sent.
pub(super) struct Sent<'a> {
    id: ActionId,
    fence: i64,
    claim_id: Uuid,
    write: &'a Write,
}

impl<'a> Sent<'a> {
    pub(super) fn new(deed: &Deed, write: &'a Write) -> Self {
        let claim_id = deed.token().map(|token| uuid(token.claim_id()));
        Self {
            id: deed.id(),
            fence: number(deed.fence()),
            claim_id: claim_id.unwrap_or_default(),
            write,
        }
    }

    /// Returns the parameters of a single change, if it expects its owner's pending claim.
    pub(super) fn alone(sent: &'a [Self]) -> Option<Alone<'a>> {
        match sent {
            [sent] if sent.write.revision.is_none() => Some(Alone {
                sent,
                id: sent.id.as_bytes(),
                status: sent.status(),
                flags: sent.flags(),
                format: sent.format(),
                payload: sent.payload(),
            }),
            _ => None,
        }
    }

    fn status(&self) -> i16 {
        code(self.write.status)
    }

    fn flags(&self) -> i16 {
        if self.write.applied { APPLIED } else { 0 }
    }

    fn format(&self) -> Option<i32> {
        format(self.write.payload.as_ref())
    }

    fn payload(&self) -> Option<&str> {
        self.write.payload.as_ref().map(Payload::json)
    }
}

/// The parameters of one change.
pub(super) struct Alone<'a> {
    sent: &'a Sent<'a>,
    id: &'a [u8],
    status: i16,
    flags: i16,
    format: Option<i32>,
    payload: Option<&'a str>,
}

impl Alone<'_> {
    pub(super) fn each(&self) -> [&(dyn ToSql + Sync); 8] {
        let write = self.sent.write;
        [
            &self.id,
            &self.sent.fence,
            &self.sent.claim_id,
            &self.status,
            &self.flags,
            &write.lease,
            &self.format,
            &self.payload,
        ]
    }
}

/// The statement's parameters, one list per column.
pub(super) struct Columns<'a> {
    ids: Vec<&'a [u8]>,
    fences: Vec<i64>,
    claim_ids: Vec<Uuid>,
    revisions: Vec<Option<i32>>,
    statuses: Vec<i16>,
    flags: Vec<i16>,
    leases: Vec<Option<i64>>,
    formats: Vec<Option<i32>>,
    payloads: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    /// The server's types of the parameters.
    pub(super) const TYPES: [Type; 9] = [
        Type::BYTEA_ARRAY,
        Type::INT8_ARRAY,
        Type::UUID_ARRAY,
        Type::INT4_ARRAY,
        Type::INT2_ARRAY,
        Type::INT2_ARRAY,
        Type::INT8_ARRAY,
        Type::INT4_ARRAY,
        Type::TEXT_ARRAY,
    ];

    pub(super) fn new(sent: &'a [Sent<'a>]) -> Self {
        Self {
            ids: sent.iter().map(|sent| &sent.id.as_bytes()[..]).collect(),
            fences: sent.iter().map(|sent| sent.fence).collect(),
            claim_ids: sent.iter().map(|sent| sent.claim_id).collect(),
            revisions: sent.iter().map(|sent| sent.write.revision).collect(),
            statuses: sent.iter().map(Sent::status).collect(),
            flags: sent.iter().map(Sent::flags).collect(),
            leases: sent.iter().map(|sent| sent.write.lease).collect(),
            formats: sent.iter().map(Sent::format).collect(),
            payloads: sent.iter().map(Sent::payload).collect(),
        }
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 9] {
        [
            &self.ids,
            &self.fences,
            &self.claim_ids,
            &self.revisions,
            &self.statuses,
            &self.flags,
            &self.leases,
            &self.formats,
            &self.payloads,
        ]
    }
}
