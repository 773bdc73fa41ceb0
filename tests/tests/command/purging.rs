//! `purge`.

use retry_effects::Outcome;
use retry_effects::store::{Claim, ClaimRequest, Payload, Status};
use serde_json::json;

use super::bench::{Bench, LONG, id, wait};

/// One record in each state, a lease that is over, and a success that its function keeps.
fn put_all(bench: &Bench) {
    bench.put_each();
    bench.put_expired(6);
    let mut request = ClaimRequest::new(id(7), "kept");
    request.keep = LONG;
    let Claim::Won(token) = wait(bench.store.pending(&request)) else {
        panic!("it is claimed already");
    };
    wait(
        bench
            .store
            .complete(&token, Outcome::Success(Payload::new("1"))),
    );
}

fn states(bench: &Bench) -> Vec<Status> {
    bench
        .everything()
        .iter()
        .map(|record| record.status)
        .collect()
}

pub(super) fn what_is_old_goes(bench: &Bench) {
    put_all(bench);
    assert_eq!(
        bench.answer(&["purge", "--older-than", "7d", "--yes"]),
        "0 records removed\n"
    );
    assert_eq!(states(bench).len(), 7);
    assert_eq!(
        bench.answer(&["purge", "--older-than", "0s", "--yes"]),
        "3 records removed\n"
    );
    let left = [
        Status::Pending,
        Status::InDoubt,
        Status::InDoubt,
        Status::Success,
    ];
    assert_eq!(states(bench), left);
    assert_eq!(
        bench.json(&["purge", "--older-than", "0s", "--yes"]),
        json!({ "removed": 0, "dry_run": false, "older_than_ms": 0 })
    );
}

pub(super) fn a_count_changes_nothing(bench: &Bench) {
    put_all(bench);
    let before = states(bench);
    // That the last one is kept, a record does not tell.
    assert_eq!(
        bench.answer(&["purge", "--older-than", "0s", "--dry-run"]),
        "at most 4 records would be removed, by this machine's clock: those that their function \
         keeps longer stay; nothing was changed\n"
    );
    assert_eq!(
        bench.json(&["purge", "--older-than", "1h", "--dry-run"]),
        json!({ "at_most": 0, "dry_run": true, "older_than_ms": 3_600_000 })
    );
    assert_eq!(states(bench), before);
    for age in ["7", "", "soon", "2w", "-1d"] {
        let output = bench.run(&["purge", "--yes", "--older-than", age]);
        assert_eq!((output.code, &*output.out), (2, ""), "{output:?}");
    }
    assert_eq!(bench.run(&["purge", "--yes"]).code, 2);
    let both = ["purge", "--older-than", "0s", "--dry-run", "--yes"];
    assert_eq!(bench.run(&both).code, 2);
    assert_eq!(states(bench), before);
}
