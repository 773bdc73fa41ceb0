//! Records move from any store to any other, as the page on choosing one says.

use retry_effects::store::{Claim, ClaimRequest, Filter, Status};
use retry_effects::{EffectError, EffectStore, Outcome, StoreError};
use retry_tests::{block_on, gate_error};

use super::place::{Place, Store};
use super::shop::{Till, charge, charge_sync, receipt};

on_each_store!(records_move_out, records_move_in);

fn records_move_out(place: &Place) {
    let memory = Place::memory().unwrap();
    moved(&place.open(), &memory.open());
}

fn records_move_in(place: &Place) {
    let memory = Place::memory().unwrap();
    moved(&memory.open(), &place.open());
}

fn moved(from: &Store, to: &Store) {
    let till = Till::that_fails([
        std::io::ErrorKind::ConnectionRefused,
        std::io::ErrorKind::TimedOut,
    ]);
    assert!(block_on(charge(from, &till, 1, 5)).is_err());
    assert!(block_on(charge(from, &till, 2, 5)).is_err());
    for order in 3..9 {
        charge_sync(from, &till, order, 5).unwrap();
    }
    let copied = block_on(copy(&**from, &**to, 2)).unwrap();
    assert_eq!(copied, 7);

    // Released is free there too; doubt is doubt there too; the rest replays, guarded as before.
    assert_eq!(charge_sync(to, &till, 1, 5).unwrap(), receipt(1, 5));
    let refused = gate_error(charge_sync(to, &till, 2, 5));
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
    assert!(refused.to_string().ends_with(": timed out"), "{refused}");
    for order in 3..9 {
        assert_eq!(charge_sync(to, &till, order, 5).unwrap(), receipt(order, 5));
        assert_eq!(till.charges(order), 1);
        let refused = gate_error(charge_sync(to, &till, order, 6));
        let is_mismatch = matches!(refused, EffectError::PayloadMismatch { .. });
        assert!(is_mismatch, "{refused}");
    }
    assert_eq!((till.charges(1), till.charges(2)), (2, 1));
}

/// Copies all records, page by page, into a store that is empty. Nobody works on either.
async fn copy(
    from: &dyn EffectStore,
    to: &dyn EffectStore,
    page: usize,
) -> Result<u64, StoreError> {
    let mut copied = 0;
    let mut filter = Filter::all().limit(page);
    loop {
        let records = from.list(&filter).await?;
        let Some(last) = records.last() else {
            return Ok(copied);
        };
        filter = filter.after(last.id);
        for record in records {
            let outcome = match (record.status, record.payload) {
                (Status::Success, Some(result)) => Outcome::Success(result),
                (Status::Failed, Some(error)) => Outcome::Failed(error),
                (Status::Released, _) => continue,
                _ => Outcome::InDoubt {
                    applied: record.applied,
                    reason: record.reason,
                },
            };
            let mut claim = ClaimRequest::new(record.id, record.action_type);
            claim.scope = Some(record.scope.as_str().into());
            claim.input_hash = record.input_hash;
            if let Claim::Won(token) = to.pending(&claim).await? {
                to.complete(&token, outcome).await?;
                copied += 1;
            }
        }
    }
}
