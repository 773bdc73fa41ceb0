//! Claims as the parameters of a statement: of one, and of many, one list per column.

use std::borrow::Cow;
use std::time::SystemTime;

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::name::escaped;
use super::row::{kept, micros, retained, uuid};
use crate::protocol::claim::ClaimRequest;
use crate::protocol::state_machine::{millis, nanos};

/// The parameters of one claim.
pub(super) struct One<'a> {
    id: &'a [u8],
    claim_id: Uuid,
    input_hash: Option<&'a [u8]>,
    action_type: Cow<'a, str>,
    scope: Cow<'a, str>,
    lease_us: i64,
    keep_ms: i64,
    retain_ms: Option<i64>,
}

impl<'a> From<&'a ClaimRequest> for One<'a> {
    fn from(request: &'a ClaimRequest) -> Self {
        let retain = request.retain.map(millis);
        Self {
            id: request.id.as_bytes(),
            claim_id: uuid(request.claim_id),
            input_hash: request.input_hash.as_ref().map(|hash| &hash.as_bytes()[..]),
            action_type: escaped(&request.action_type),
            scope: escaped(request.scope.as_deref().unwrap_or_default()),
            lease_us: micros(nanos(request.lease)),
            keep_ms: kept(millis(request.keep)),
            retain_ms: retain.and_then(retained),
        }
    }
}

impl One<'_> {
    pub(super) fn each(&self) -> [&(dyn ToSql + Sync); 8] {
        [
            &self.id,
            &self.claim_id,
            &self.input_hash,
            &self.action_type,
            &self.scope,
            &self.lease_us,
            &self.keep_ms,
            &self.retain_ms,
        ]
    }

    /// Returns the parameters of the claim over a record that was read.
    pub(super) fn over<'a>(
        &'a self,
        revision: &'a i32,
        fence: &'a i64,
        created: &'a SystemTime,
    ) -> [&'a (dyn ToSql + Sync); 11] {
        [
            &self.id,
            revision,
            &self.claim_id,
            &self.input_hash,
            &self.action_type,
            &self.scope,
            &self.lease_us,
            &self.keep_ms,
            &self.retain_ms,
            created,
            fence,
        ]
    }
}

/// The parameters of many claims.
pub(super) struct Claims<'a> {
    ids: Vec<&'a [u8]>,
    claim_ids: Vec<Uuid>,
    hashes: Vec<Option<&'a [u8]>>,
    types: Vec<Cow<'a, str>>,
    scopes: Vec<Cow<'a, str>>,
    leases: Vec<i64>,
    keeps: Vec<i64>,
    retains: Vec<Option<i64>>,
}

impl<'a> Claims<'a> {
    pub(super) fn new(requests: &[&'a ClaimRequest]) -> Self {
        let mut claims = Self {
            ids: Vec::new(),
            claim_ids: Vec::new(),
            hashes: Vec::new(),
            types: Vec::new(),
            scopes: Vec::new(),
            leases: Vec::new(),
            keeps: Vec::new(),
            retains: Vec::new(),
        };
        for request in requests {
            let one = One::from(*request);
            claims.ids.push(one.id);
            claims.claim_ids.push(one.claim_id);
            claims.hashes.push(one.input_hash);
            claims.types.push(one.action_type);
            claims.scopes.push(one.scope);
            claims.leases.push(one.lease_us);
            claims.keeps.push(one.keep_ms);
            claims.retains.push(one.retain_ms);
        }
        claims
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 8] {
        [
            &self.ids,
            &self.claim_ids,
            &self.hashes,
            &self.types,
            &self.scopes,
            &self.leases,
            &self.keeps,
            &self.retains,
        ]
    }
}
