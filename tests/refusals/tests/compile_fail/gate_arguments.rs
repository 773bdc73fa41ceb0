//! Arguments of the gate: their values, and what they are given with.

use std::io;

use retry_core::retry_api;

#[retry_api(
    key(order_id),
    fingerprint(note),
    skip(note),
    scope = note,
    store = store(),
    lease = "10s",
    retain = "1h",
    in_doubt = "halt",
    dedupe_for = "23h",
    probe = ask,
    probe_after = "10s",
    on_busy = "wait",
    replay_errors = true,
)]
async fn without_a_gate(order_id: u64, note: &str) -> io::Result<()> {
    let _ = (order_id, note);
    Ok(())
}

#[retry_api(idempotent = false, key(order_id))]
fn switched_off(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(
    idempotent = "yes",
    lease = 0,
    retain = "0s",
    in_doubt = "fail",
    dedupe_for = 0,
    on_busy = 3,
    replay_errors = some(),
    probe = 5,
    probe_after = 0,
)]
async fn values() -> io::Result<()> {
    Ok(())
}

#[retry_api(idempotent = true, key(), skip, scope, lease = "10", retain = -1, probe, fingerprint, probe_after = "10")]
fn without_values(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, key(order_id), key = order_id, in_doubt = "halt", probe = ask)]
fn at_odds(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, key(order_id), fingerprint = note, probe_after = "10s")]
fn belongs_to_another(order_id: u64, note: u64) -> io::Result<()> {
    let _ = (order_id, note);
    Ok(())
}

#[retry_api(idempotent = true, probe = ask, probe_after = "1m", max_total_time = "30s")]
fn never_asked(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, probe = ask, probe_afer = "1m", fingerprnt(order_id), input(order_id), settle_after = "1m")]
fn misspelt(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, dedupe_for = "23h")]
fn never_again(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, in_doubt = "halt", dedupe_for = "23 hours")]
fn no_wait(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, in_doubt = retry_effects::OnDoubt::Halt, dedupe_for = "23h", key_lifetime = "1h")]
fn halted(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, retry_on_ok = |count| *count == 0)]
fn not_done_yet() -> io::Result<u32> {
    Ok(0)
}

#[retry_api(idempotent = true, probe = |order_id| ask(order_id))]
fn too_few(order_id: u64, note: String) -> io::Result<()> {
    let _ = (order_id, note);
    Ok(())
}

#[retry_api(idempotent = true, probe = ask)]
fn not_always_there(#[cfg(not(test))] order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

fn main() {
    let _ = (without_a_gate(1, ""), switched_off(1), values());
    let _ = (without_values(1), at_odds(1), not_done_yet());
    let _ = (belongs_to_another(1, 1), never_asked(1), misspelt(1));
    let _ = (never_again(1), no_wait(1), halted(1));
    let _ = (too_few(1, String::new()), not_always_there(1));
}
