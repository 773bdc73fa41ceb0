//! Callers that leave before their answer.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Status};
use retry_effects::{EffectStore, compute_action_id};
use retry_tests::redis::ThrowawayRedis;

use super::place::store;

/// For a dropped call the gate requests the claim again, and releases it. The first request, for which
/// the server had no time yet, must not arrive once more after that.
#[tokio::test]
async fn a_claim_that_nobody_waits_for_is_not_sent_again() {
    let settings = [("busy-reply-threshold", "1")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let other = store(&server, "left").await;
    let store = store(&server, "left").await;
    let id = compute_action_id("left", &1, "").expect("a number has a JSON form");
    let request = ClaimRequest::new(id, "left");

    // A script that does not end keeps the server busy, which says so to everybody else.
    let socket = server.socket();
    let busy = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = std::os::unix::net::UnixStream::connect(socket).expect("a server");
        stream
            .write_all(b"EVAL \"while true do end\" 0\r\n")
            .expect("it listens");
        let mut answer = [0; 16];
        let _ = stream.read(&mut answer);
    });
    while !server.command(&["PING"]).starts_with("-BUSY") {
        std::thread::sleep(Duration::from_millis(1));
    }
    let claim = tokio::time::timeout(Duration::from_millis(500), store.pending(&request)).await;
    claim.expect_err("the server is busy");
    assert_eq!(server.command(&["SCRIPT", "KILL"]), "+OK\r\n");
    busy.join().expect("the script has ended");

    let again = other.pending(&request).await.expect("an answer");
    let Claim::Won(token) = again else {
        panic!("{again:?}");
    };
    other.release(&token).await.expect("a release");
    // With its last handle it ends, after what it was asked for.
    drop(store);
    while server.connections() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let record = other.get(id).await.expect("an answer").expect("a record");
    assert_eq!(record.status, Status::Released);
}
