//! `list` and `stats`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use retry_effects::store::{Claim, ClaimRequest, Status};
use retry_effects::{Outcome, compute_action_id};
use serde_json::json;

use super::bench::{Bench, REASON, id, normal, short, wait};

pub(super) fn a_table_for_people(bench: &Bench) {
    assert_eq!(bench.answer(&["list"]), "no records\n");
    let tokens = bench.put_each();
    let marked = bench.claim(6, super::bench::LONG);
    let applied = Outcome::applied(None);
    wait(bench.store.complete(&marked, applied));
    let fences: Vec<_> = tokens.iter().chain([&marked]).collect();
    assert_eq!(
        normal(&bench.answer(&["list"]), &fences),
        "\
ID STATUS AGE LEASE FENCE ACTION SCOPE
01ababababab pending AGE AGE FENCE charge tenant-7
02ababababab success AGE - FENCE charge tenant-7
03ababababab failed AGE - FENCE charge tenant-7
04ababababab released AGE - FENCE charge tenant-7
05ababababab in_doubt AGE - FENCE charge tenant-7
06ababababab in_doubt (applied) AGE - FENCE charge tenant-7
"
    );
}

pub(super) fn json_for_programs(bench: &Bench) {
    assert_eq!(bench.json(&["list"]), json!([]));
    let tokens = bench.put_each();
    let listed = bench.json(&["list"]);
    let listed = listed.as_array().unwrap();
    let states: Vec<_> = listed.iter().map(|record| &record["status"]).collect();
    assert_eq!(
        states,
        ["pending", "success", "failed", "released", "in_doubt"]
    );

    let success = &listed[1];
    let created = success["created_at"].as_str().unwrap();
    let completed = success["completed_at"].as_str().unwrap();
    assert!(
        created <= completed && created.ends_with("+00:00"),
        "{success}"
    );
    assert_eq!(
        *success,
        json!({
            "id": id(2).to_string(),
            "action_type": "charge",
            "scope": "tenant-7",
            "status": "success",
            "applied": false,
            "reason": null,
            "fence": tokens[1].fence().number(),
            "claim_id": format!("{:032x}", tokens[1].claim_id().bits()),
            "input_hash": null,
            "created_at": created,
            "completed_at": completed,
            "lease_left_ms": null,
            "renewals": 0,
            "payload": r#"{"receipt":7}"#,
            "payload_format": 1,
            "may_settle": ["success"],
        })
    );
    // The help tells of every field.
    let help = bench.answer(&["--help"]);
    for field in success.as_object().unwrap().keys() {
        assert!(help.contains(field), "{field}");
    }
    let pending = &listed[0];
    let left = pending["lease_left_ms"].as_u64().unwrap();
    assert!((3_000_000..=3_600_000).contains(&left), "{pending}");
    assert_eq!(pending["may_settle"], json!(["success"]));
    assert_eq!(pending["payload"], json!(null));
    assert_eq!(listed[4]["reason"], REASON);
    assert_eq!(listed[4]["payload"], json!(null));
    assert_eq!(listed[4]["may_settle"], json!(["success", "not_applied"]));
}

pub(super) fn only_those_that_are_asked_for(bench: &Bench) {
    bench.put_each();
    bench.put_expired(6);
    let ids = |arguments: &[&str]| -> Vec<String> {
        let listed = bench.json(&[&["list"], arguments].concat());
        let listed = listed.as_array().unwrap();
        listed
            .iter()
            .map(|record| record["id"].as_str().unwrap()[..12].to_owned())
            .collect()
    };
    // The store may not have noticed yet that the sixth lease is over.
    assert_eq!(ids(&["--status", "in_doubt"]), [short(5), short(6)]);
    assert_eq!(ids(&["--status", "in-doubt", "--limit", "1"]), [short(5)]);
    assert_eq!(ids(&["--status", "pending"]), [short(1)]);
    assert_eq!(ids(&["--limit", "2"]), [short(1), short(2)]);
    assert_eq!(ids(&["--limit", "0"]), [""; 0]);
    assert_eq!(ids(&["--older-than", "1h"]), [""; 0]);
    assert_eq!(
        ids(&["--older-than", "0s", "--status", "failed"]),
        [short(3)]
    );
}

/// More than are read at one go, in the order of their ids, each once.
pub(super) fn more_than_a_page(bench: &Bench) {
    let mut expected = put_many(bench, 2300);
    expected.sort_unstable();
    let listed = bench.json(&["list", "--limit", "2100"]);
    let listed: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["id"].clone())
        .collect();
    assert_eq!(listed, expected[..2100]);
    let table = bench.answer(&["list"]);
    assert_eq!(table.lines().count(), 2301);
    assert_eq!(bench.json(&["stats"])["counts"]["pending"], 2300);
}

fn put_many(bench: &Bench, count: u32) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let ids = (0..count).map(|number| compute_action_id("many", &number, "").unwrap());
    // At the same time, so that they share commits.
    let claims = ids.map(|id| {
        let store = bench.store.clone();
        runtime.spawn(async move {
            let claimed = store.pending(&ClaimRequest::new(id, "many")).await;
            assert!(matches!(claimed, Ok(Claim::Won(_))), "{claimed:?}");
            id.to_string()
        })
    });
    let claims: Vec<_> = claims.collect();
    claims
        .into_iter()
        .map(|claim| runtime.block_on(claim).unwrap())
        .collect()
}

pub(super) fn what_could_move_the_cursor_is_escaped(bench: &Bench) {
    let mut request = ClaimRequest::new(id(1), "pay\u{1b}[2J\nall");
    request.scope = Some("\u{202e}tenant".into());
    let claimed = wait(bench.store.pending(&request));
    assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    for arguments in [&["list"][..], &["show", "01ab"]] {
        let shown = bench.answer(arguments);
        assert!(shown.contains(r"pay\u{1b}[2J\u{a}all"), "{shown}");
        assert!(shown.contains(r"\u{202e}tenant"), "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }
    // A program gets what is recorded.
    assert_eq!(
        bench.json(&["show", "01ab"])["action_type"],
        "pay\u{1b}[2J\nall"
    );
}

/// As `| head` does.
pub(super) fn who_has_seen_enough_may_leave(bench: &Bench) {
    // More than a pipe holds.
    put_many(bench, 1100);
    let mut command = bench.command(&["list", "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "[\n");
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success(), "{:?}", output.status);
}

pub(super) fn records_are_counted_by_state(bench: &Bench) {
    bench.put_each();
    bench.put_expired(6);
    bench.put(7, Status::Success);
    let table = bench.answer(&["stats"]);
    let (head, table) = table.split_once("\n\n").unwrap();
    assert!(
        head.ends_with(&format!(", {} store", bench.store.kind())),
        "{head}"
    );
    assert_eq!(
        normal(table, &[]),
        "\
STATUS RECORDS OLDEST ID
pending 1 AGE 01ababababab
success 2
failed 1
released 1
in_doubt 2 AGE 05ababababab
total 7

In doubt: `retry-effects list --status in_doubt`, then `show` one.
"
    );
    let stats = bench.json(&["stats"]);
    let created = stats["oldest"]["in_doubt"]["created_at"].clone();
    assert_eq!(
        stats,
        json!({
            "total": 7,
            "counts": { "pending": 1, "success": 2, "failed": 1, "released": 1, "in_doubt": 2 },
            "marked_applied": 0,
            "oldest": {
                "pending": {
                    "id": id(1).to_string(),
                    "created_at": stats["oldest"]["pending"]["created_at"],
                },
                "in_doubt": { "id": id(5).to_string(), "created_at": created },
            },
        })
    );
    assert!(created.is_string(), "{stats}");
}
