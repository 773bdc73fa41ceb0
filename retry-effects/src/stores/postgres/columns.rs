//! Changes as the parameters of a statement, one list per column.

use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::row::{APPLIED, code, format, micros, number, revision, uuid};
use crate::identity::action_id::ActionId;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::operation::{Operation, Step, Write};
use crate::protocol::payload::Payload;
use crate::stores::durable::backend::Call;

/// One change as it is sent.
pub(super) struct Sent<'a> {
    id: ActionId,
    fence: i64,
    claim_id: Uuid,
    lease: Option<i64>,
    write: &'a Write,
}

impl<'a> Sent<'a> {
    /// Returns the change of a call; `None` if its step is another one.
    pub(super) fn of(call: &Call<'a>) -> Option<Self> {
        match call.step {
            Step::Write(write) => Some(Self::new(call.operation, write)),
            _ => None,
        }
    }

    pub(super) fn new(operation: &Operation, write: &'a Write) -> Self {
        let token = operation.token();
        let fence = match (write.seen, token) {
            (Some(seen), _) => seen.fence,
            (None, token) => token.map_or(Fence::NONE, Token::fence),
        };
        Self {
            id: operation.id(),
            fence: number(fence),
            claim_id: token
                .map(|token| uuid(token.claim_id()))
                .unwrap_or_default(),
            lease: write.lease.map(micros),
            write,
        }
    }

    /// Returns the fence of the record that is changed.
    pub(super) fn fence(&self) -> Fence {
        Fence::new(self.fence.unsigned_abs())
    }

    /// Returns the parameters of a lone change, if it expects its owner's pending claim.
    pub(super) fn own(&self) -> Option<Own<'_>> {
        self.write.seen.is_none().then(|| Own {
            sent: self,
            id: self.id.as_bytes(),
            status: self.status(),
            flags: self.flags(),
            format: self.format(),
            payload: self.payload(),
        })
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

/// The parameters of one change of an owner.
pub(super) struct Own<'a> {
    sent: &'a Sent<'a>,
    id: &'a [u8],
    status: i16,
    flags: i16,
    format: Option<i32>,
    payload: Option<&'a str>,
}

impl Own<'_> {
    pub(super) fn each(&self) -> [&(dyn ToSql + Sync); 8] {
        [
            &self.id,
            &self.sent.fence,
            &self.sent.claim_id,
            &self.status,
            &self.flags,
            &self.sent.lease,
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
            revisions: sent
                .iter()
                .map(|sent| sent.write.seen.map(revision))
                .collect(),
            statuses: sent.iter().map(Sent::status).collect(),
            flags: sent.iter().map(Sent::flags).collect(),
            leases: sent.iter().map(|sent| sent.lease).collect(),
            formats: sent.iter().map(Sent::format).collect(),
            payloads: sent.iter().map(Sent::payload).collect(),
        }
    }

    /// Returns those of changes that expect their owners' pending claims.
    pub(super) fn of_own(&self) -> [&(dyn ToSql + Sync); 8] {
        [
            &self.ids,
            &self.fences,
            &self.claim_ids,
            &self.statuses,
            &self.flags,
            &self.leases,
            &self.formats,
            &self.payloads,
        ]
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
