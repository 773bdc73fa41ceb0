//! Changes as the parameters of a statement, one list per column.

use tokio_postgres::types::{ToSql, Type};

use super::changes::{Deed, Write};
use super::row::number;
use crate::identity::action_id::ActionId;
use crate::protocol::payload::Payload;

/// One change as it is sent.
pub(super) struct Sent<'a> {
    id: ActionId,
    fence: i64,
    claim_id: [u8; 16],
    write: &'a Write,
}

impl<'a> Sent<'a> {
    pub(super) fn new(deed: &Deed, write: &'a Write) -> Self {
        let claim_id = deed.token().map_or(0, |token| token.claim_id().bits());
        Self {
            id: deed.id(),
            fence: number(deed.fence()),
            claim_id: claim_id.to_be_bytes(),
            write,
        }
    }

    /// Returns the parameters of a single change, if it expects its owner's pending claim.
    pub(super) fn alone(sent: &'a [Self]) -> Option<Alone<'a>> {
        match sent {
            [sent] if sent.write.revision.is_none() => Some(Alone {
                sent,
                id: sent.id.as_bytes(),
                claim_id: &sent.claim_id,
                status: sent.write.status.as_str(),
                format: sent.format(),
                payload: sent.write.payload.as_ref().map(Payload::json),
            }),
            _ => None,
        }
    }

    fn format(&self) -> i32 {
        let format = self.write.payload.as_ref().map_or(1, Payload::format);
        i32::try_from(format).unwrap_or(i32::MAX)
    }
}

/// The parameters of one change.
pub(super) struct Alone<'a> {
    sent: &'a Sent<'a>,
    id: &'a [u8],
    claim_id: &'a [u8],
    status: &'static str,
    format: i32,
    payload: Option<&'a str>,
}

impl Alone<'_> {
    pub(super) fn each(&self) -> [&(dyn ToSql + Sync); 8] {
        let write = self.sent.write;
        [
            &self.id,
            &self.sent.fence,
            &self.claim_id,
            &self.status,
            &write.applied,
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
    claim_ids: Vec<&'a [u8]>,
    revisions: Vec<Option<i64>>,
    statuses: Vec<&'static str>,
    applied: Vec<bool>,
    leases: Vec<Option<i64>>,
    formats: Vec<i32>,
    payloads: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    /// The server's types of the parameters.
    pub(super) const TYPES: [Type; 9] = [
        Type::BYTEA_ARRAY,
        Type::INT8_ARRAY,
        Type::BYTEA_ARRAY,
        Type::INT8_ARRAY,
        Type::TEXT_ARRAY,
        Type::BOOL_ARRAY,
        Type::INT8_ARRAY,
        Type::INT4_ARRAY,
        Type::TEXT_ARRAY,
    ];

    pub(super) fn new(sent: &'a [Sent<'a>]) -> Self {
        Self {
            ids: sent.iter().map(|sent| &sent.id.as_bytes()[..]).collect(),
            fences: sent.iter().map(|sent| sent.fence).collect(),
            claim_ids: sent.iter().map(|sent| &sent.claim_id[..]).collect(),
            revisions: sent.iter().map(|sent| sent.write.revision).collect(),
            statuses: sent.iter().map(|sent| sent.write.status.as_str()).collect(),
            applied: sent.iter().map(|sent| sent.write.applied).collect(),
            leases: sent.iter().map(|sent| sent.write.lease).collect(),
            formats: sent.iter().map(Sent::format).collect(),
            payloads: sent
                .iter()
                .map(|sent| sent.write.payload.as_ref().map(Payload::json))
                .collect(),
        }
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 9] {
        [
            &self.ids,
            &self.fences,
            &self.claim_ids,
            &self.revisions,
            &self.statuses,
            &self.applied,
            &self.leases,
            &self.formats,
            &self.payloads,
        ]
    }
}
