//! The least with all that the promises need: a narrow table, whose key is the fence.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use retry_effects::store::ClaimId;
use rusqlite::params;

use super::groups;
use crate::gate;
use crate::turn::Turn;

const TABLE: &str = "
CREATE TABLE actions (
    fence INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    status INTEGER NOT NULL,
    claim_id BLOB NOT NULL,
    lease_until INTEGER NOT NULL,
    fingerprint BLOB,
    payload TEXT
)";
/// The new fence is the highest one and 1.
const CLAIM: &str = "
INSERT INTO actions (id, status, claim_id, lease_until, fingerprint) VALUES (?1, 0, ?2, ?3, ?4)
ON CONFLICT (id) DO NOTHING";
const COMPLETE: &str = "
UPDATE actions SET status = 1, payload = ?3 WHERE fence = ?1 AND claim_id = ?2 AND status = 0";

/// A claim that was won.
struct Token {
    fence: i64,
    claim_id: [u8; 16],
}

pub(super) fn turns(path: &Path) -> impl FnMut(usize) -> Option<Turn> + use<> {
    let connection = groups::create(path, TABLE);
    groups::turns(
        connection,
        |connection, number| {
            let (id, claim_id) = (gate::id(number), ClaimId::random().bits().to_be_bytes());
            let lease_until = now() + 30_000_000_000;
            let mut claim = connection.prepare_cached(CLAIM).expect("it is right");
            let values = params![id.as_bytes(), claim_id, lease_until, None::<&[u8]>];
            assert_eq!(claim.execute(values), Ok(1));
            Token {
                fence: connection.last_insert_rowid(),
                claim_id,
            }
        },
        |connection, token| {
            let mut complete = connection.prepare_cached(COMPLETE).expect("it is right");
            let completed = complete.execute(params![token.fence, token.claim_id, "1999"]);
            assert_eq!(completed, Ok(1));
        },
    )
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since.expect("it is later than 1970").as_nanos();
    i64::try_from(nanos).expect("it is earlier than 2262")
}
