//! `settle`.

use retry_effects::store::{Payload, Status};
use retry_effects::{Effect, EffectError, Outcome, Record, compute_action_id};
use serde_json::{Value, json};

use super::bench::{Bench, LONG, id, short, wait};

/// A call of an action that somebody has begun and never ended; its id.
fn begin(bench: &Bench) -> String {
    let died = Effect::new("charge", &7)
        .store(bench.store.clone())
        .run(|| {
            Err::<u32, _>(std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                "no answer",
            ))
        });
    died.unwrap_err();
    compute_action_id("charge", &7, "").unwrap().to_string()
}

/// Returns the result of the next call; its own run would return 1.
fn call(bench: &Bench) -> Result<u32, EffectError> {
    Effect::new("charge", &7)
        .store(bench.store.clone())
        .run(|| Ok(1))
}

pub(super) fn it_happened(bench: &Bench) {
    let id = begin(bench);
    assert!(matches!(call(bench), Err(EffectError::InDoubt { .. })));
    let settled = bench.answer(&["settle", &id, "--success", "42", "--yes"]);
    assert_eq!(
        settled,
        format!(
            "{} is a success now: later calls get the result given\n",
            &id[..12]
        )
    );
    assert_eq!(call(bench).unwrap(), 42);
}

pub(super) fn it_did_not_happen(bench: &Bench) {
    let id = begin(bench);
    let settled = bench.json(&["settle", &id[..8], "--not-applied", "--yes"]);
    let fence = bench.json(&["show", &id])["fence"].clone();
    let expected = json!({
        "id": id, "fence": fence, "settled": "not_applied", "was": "in_doubt", "changed": true,
    });
    assert_eq!(settled, expected);
    assert_eq!(call(bench).unwrap(), 1);

    // A lease that is over, which nobody has written down yet.
    bench.put_expired(2);
    bench.answer(&["settle", "02ab", "--not-applied", "-y"]);
    assert_eq!(bench.status(2), Some(Status::Released));
}

pub(super) fn a_living_owner_is_left_alone(bench: &Bench) {
    let token = bench.claim(1, LONG);
    let before = bench.record(1);
    let output = bench.run(&["settle", "01ab", "--not-applied", "--yes"]);
    assert_eq!((output.code, &*output.out), (1, ""), "{output:?}");
    assert!(
        output
            .err
            .starts_with("error: the record's owner may be alive: its lease ends in "),
        "{output:?}"
    );
    assert!(
        output
            .err
            .ends_with("wait until its lease is over, and look again\n"),
        "{output:?}"
    );
    assert_eq!(without_lease(bench.record(1)), without_lease(before));
    wait(
        bench
            .store
            .complete(&token, Outcome::Success(Payload::new("1"))),
    );
}

/// The rest of the lease, the time since its end and the age differ from moment to moment.
fn without_lease(mut record: Option<Record>) -> Option<Record> {
    if let Some(record) = &mut record {
        record.lease_left = None;
        record.lease_over = None;
        record.age = None;
    }
    record
}

pub(super) fn another_record_than_was_seen(bench: &Bench) {
    let token = bench.put(1, Status::InDoubt);
    let seen = token.fence().number();
    for word in [&["--not-applied"][..], &["--success", "1"]] {
        let fence = (seen + 1).to_string();
        let arguments = [&["settle", "01ab", "--yes", "--fence", &fence], word].concat();
        let output = bench.run(&arguments);
        assert_eq!(output.code, 1, "{output:?}");
        let expected = format!("the record has changed: it is in_doubt now, with fence {seen}; ");
        assert!(output.err.contains(&expected), "{output:?}");
        assert_eq!(bench.status(1), Some(Status::InDoubt));
    }
    bench.answer(&[
        "settle",
        "01ab",
        "--yes",
        "--fence",
        &seen.to_string(),
        "--not-applied",
    ]);
}

pub(super) fn what_is_not_in_doubt(bench: &Bench) {
    let refused: [(_, _, &[&str], _); 4] = [
        (1, Status::Success, &["--not-applied"], "it happened"),
        (2, Status::Failed, &["--not-applied"], "it failed for good"),
        (3, Status::Failed, &["--success", "1"], "it failed for good"),
        (
            4,
            Status::Released,
            &["--success", "1"],
            "it is free to run",
        ),
    ];
    for (number, status, word, why) in refused {
        bench.put(number, status);
        let before = bench.record(number);
        let output = bench.run(&[&["settle", &short(number), "--yes"], word].concat());
        assert_eq!(output.code, 1, "{output:?}");
        let expected = format!(
            "error: {} is {status}, and not in doubt: {why}",
            short(number)
        );
        assert!(output.err.starts_with(&expected), "{output:?}");
        assert_eq!(bench.record(number), before);
    }
}

pub(super) fn a_result_that_no_longer_decodes(bench: &Bench) {
    assert_eq!(call(bench).unwrap(), 1);
    let id = compute_action_id("charge", &7, "").unwrap().to_string();
    let other = || -> Result<String, EffectError> {
        let effect = Effect::new("charge", &7).store(bench.store.clone());
        effect.run(|| Ok("ran again".to_owned()))
    };
    other().unwrap_err();
    bench.answer(&["settle", &id, "--success", "\"one\"", "--yes"]);
    assert_eq!(other().unwrap(), "one");
}

pub(super) fn said_twice(bench: &Bench) {
    bench.put(1, Status::InDoubt);
    bench.put(2, Status::InDoubt);
    for changed in [true, false] {
        let settled = bench.json(&["settle", "01ab", "--success", " {\"a\": 1} ", "--yes"]);
        assert_eq!(settled["changed"], changed);
        let settled = bench.json(&["settle", "02ab", "--not-applied", "--yes"]);
        assert_eq!(settled["changed"], changed);
    }
    // As it was written: the store keeps texts, and knows no numbers.
    assert_eq!(bench.json(&["show", "01ab"])["payload"], "{\"a\": 1}");
}

pub(super) fn nothing_is_done_unasked(bench: &Bench) {
    bench.put(1, Status::InDoubt);
    bench.put(2, Status::Success);
    let before = bench.everything();
    for arguments in [
        &["settle", "01ab", "--not-applied"][..],
        &["settle", "01ab", "--success", "1"],
        &["purge", "--older-than", "0s"],
    ] {
        let output = bench.run(arguments);
        assert_eq!((output.code, &*output.out), (2, ""), "{output:?}");
        assert!(output.err.contains("pass `--yes`"), "{output:?}");
        let output = bench.run(&[arguments, &["--json"]].concat());
        let error: Value = serde_json::from_str(&output.err).unwrap();
        assert_eq!(error["error"]["kind"], "nobody_to_ask");
    }
    assert_eq!(bench.everything(), before);
}

pub(super) fn what_is_no_json(bench: &Bench) {
    bench.put(1, Status::InDoubt);
    let before = bench.everything();
    for word in ["receipt 7", "{'a': 1}", "", "[1", "@/there/is/none"] {
        let output = bench.run(&["settle", "01ab", "--yes", "--success", word]);
        assert_eq!((output.code, &*output.out), (2, ""), "{output:?}");
        assert!(output.err.contains("--success <JSON>"), "{output:?}");
    }
    assert_eq!(bench.everything(), before);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipt.json");
    std::fs::write(&path, "{\"receipt\": \"é\"}\n").unwrap();
    let word = format!("@{}", path.display());
    bench.answer(&["settle", "01ab", "--yes", "--success", &word]);
    assert_eq!(
        bench.json(&["show", "01ab"])["payload"],
        "{\"receipt\": \"é\"}"
    );
}

/// One that began an action, and knows neither leases nor fences.
#[test]
fn the_record_of_a_python_worker() {
    let bench = Bench::sqlite();
    let file = rusqlite::Connection::open(bench.place()).unwrap();
    let insert = "INSERT INTO effect_records (action_id, action_type, status, created_at) \
                  VALUES (?1, 'charge', 'pending', '2026-01-01T00:00:00+00:00')";
    file.execute(insert, [id(1).to_string()]).unwrap();
    let shown = bench.answer(&["show", "01ab"]);
    assert!(
        shown.contains("\nfence       0: another program made this record\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\ncreated     2026-01-01T00:00:00+00:00 ("),
        "{shown}"
    );
    assert!(
        shown.contains("\nreason      another program began it"),
        "{shown}"
    );
    bench.answer(&["settle", "01ab", "--fence", "0", "--not-applied", "--yes"]);
    assert_eq!(bench.status(1), Some(Status::Released));
}
