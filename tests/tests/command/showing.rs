//! `show`.

use retry_effects::store::{Claim, ClaimRequest, NEWEST_FORMAT, Payload, Status};
use retry_effects::{ActionId, Outcome};
use serde_json::json;

use super::bench::{Bench, LONG, id, normal, wait};

pub(super) fn what_is_in_doubt_and_how_it_is_settled(bench: &Bench) {
    let token = bench.put(1, Status::InDoubt);
    let shown = bench.answer(&["show", "01abab"]);
    assert_eq!(
        normal(&shown, &[&token]),
        format!(
            "\
id {id}
action charge
scope tenant-7
status in_doubt
reason no answer from the bank
fence FENCE
owner has no lease any more
renewals 0
created TIME (AGE ago)

It may have happened: its lease ran out, or its worker reported the doubt. Callers get
the error InDoubt until it is settled, unless their function has a probe or in_doubt =
\"reexecute\". Find out from the other side whether it happened, and make sure that its
worker is dead: a worker that only hangs may still run it.

it happened:
  retry-effects settle {id} --fence FENCE --success 'JSON'
it did not happen:
  retry-effects settle {id} --fence FENCE --not-applied
",
            id = id(1)
        )
    );
    // The last line is a command that can be run.
    let line = shown.lines().last().unwrap();
    let words: Vec<_> = line.split_whitespace().skip(1).chain(["--yes"]).collect();
    bench.answer(&words);
    assert_eq!(bench.status(1), Some(Status::Released));

    let marked = bench.claim(2, LONG);
    wait(bench.store.complete(&marked, Outcome::applied(None)));
    let shown = bench.answer(&["show", "02abab"]);
    assert!(
        shown.contains("in_doubt, marked applied: it happened"),
        "{shown}"
    );
    assert!(shown.contains("It is known to have happened"), "{shown}");

    bench.put_expired(3);
    let shown = bench.answer(&["show", "03abab"]);
    assert!(
        shown.contains("\nreason      its lease ran out\n"),
        "{shown}"
    );
}

pub(super) fn who_is_at_it(bench: &Bench) {
    let token = bench.claim(1, LONG);
    wait(bench.store.renew(&token, LONG));
    let shown = bench.answer(&["show", &id(1).to_string()]);
    let normal = normal(&shown, &[&token]);
    assert!(
        normal.contains("owner may be alive: its lease ends in AGE unless it is renewed\n"),
        "{normal}"
    );
    assert!(shown.contains("\nrenewals    1\n"), "{shown}");
    // Nobody may say yet that it did not happen.
    assert!(
        shown.contains("--success") && !shown.contains("--not-applied"),
        "{shown}"
    );
}

pub(super) fn a_result(bench: &Bench) {
    bench.put(1, Status::Success);
    let shown = bench.answer(&["show", "01ab"]);
    let normal = normal(&shown, &[]);
    assert!(
        normal.contains("\nresult {\"receipt\":7}\nformat 1\n"),
        "{normal}"
    );
    assert!(normal.contains("\nfinished TIME (AGE ago)\n"), "{normal}");
    assert_eq!(bench.json(&["show", "01AB"]), bench.json(&["list"])[0]);

    bench.put(2, Status::Failed);
    let shown = bench.answer(&["show", "02ab"]);
    assert!(shown.contains("\nerror       {\"receipt\":7}\n"), "{shown}");
    assert!(!shown.contains("retry-effects settle"), "{shown}");
}

pub(super) fn a_result_that_is_no_json(bench: &Bench) {
    let newer = Payload::with_format(NEWEST_FORMAT + 1, "<receipt/>");
    let Ok(notation) = Outcome::success(&(Some(()), "a\u{1b}b")) else {
        panic!("it can be recorded");
    };
    for (number, outcome, lines) in [
        (
            1,
            notation,
            [
                "\nresult      ~[Some(null),\"a\\u001bb\"]\n",
                "\nformat      2: a notation of retry-effects, ",
            ],
        ),
        (
            2,
            Outcome::Success(newer),
            [
                "\nresult      <receipt/>\n",
                "\nformat      3: a form of a newer retry-effects\n",
            ],
        ),
    ] {
        let token = bench.claim(number, LONG);
        wait(bench.store.complete(&token, outcome));
        let id = id(number).to_string();
        let shown = bench.answer(&["show", &id]);
        for line in lines {
            assert!(shown.contains(line), "{shown}");
        }
        let json = bench.json(&["show", &id]);
        assert_eq!(json["payload_format"], u32::from(number) + 1);
        // Another may be recorded in its place: JSON, as ever.
        bench.answer(&["settle", &id, "--success", "[null, 7]", "--yes"]);
        let shown = bench.answer(&["show", &id]);
        assert!(
            shown.contains("\nresult      [null, 7]\nformat      1\n"),
            "{shown}"
        );
    }
}

pub(super) fn by_its_first_digits(bench: &Bench) {
    let mut bytes = *id(1).as_bytes();
    let near = [1, 2].map(|last| {
        bytes[31] = last;
        ActionId::from_bytes(bytes)
    });
    // The first of all, and the last of all.
    let ends = [
        ActionId::from_bytes([0; 32]),
        ActionId::from_bytes([0xff; 32]),
    ];
    for id in near.into_iter().chain(ends) {
        let claimed = wait(bench.store.pending(&ClaimRequest::new(id, "near")));
        assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    }
    let output = bench.run(&["show", "01abab"]);
    assert_eq!(output.code, 2, "{output:?}");
    let [first, second] = near;
    assert_eq!(
        output.err,
        format!(
            "error: more than one id begins with 01abab, as {first} and {second}; give more digits\n"
        )
    );
    for id in near.into_iter().chain(ends) {
        let id = id.to_string();
        assert_eq!(bench.json(&["show", &id])["id"], id);
    }
    for (digits, id) in [("0000", ends[0]), ("ffff", ends[1])] {
        assert_eq!(bench.json(&["show", digits])["id"], id.to_string());
    }
    for digits in ["01a", "01abxx", ""] {
        let output = bench.run(&["show", digits]);
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.err.contains("64 hexadecimal digits"), "{output:?}");
    }
}

pub(super) fn what_is_not_there(bench: &Bench) {
    bench.put(1, Status::Success);
    for digits in ["01ac", "02ab", &id(2).to_string()] {
        let output = bench.run(&["show", digits]);
        assert_eq!((output.code, &*output.out), (1, ""), "{output:?}");
        assert!(
            output
                .err
                .starts_with("error: there is no record whose id "),
            "{output:?}"
        );
    }
    let output = bench.run(&["show", "01ac", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&output.err).unwrap();
    assert_eq!(error["error"]["kind"], "not_found");
    assert_eq!(error["error"]["exit_code"], json!(1));
}
