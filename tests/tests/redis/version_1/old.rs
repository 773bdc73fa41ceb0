//! The first release: its records, and what its programs do.

use retry_effects::store::ClaimRequest;
use retry_effects::{ActionId, RedisEffectStore, compute_action_id};
use retry_tests::redis::ThrowawayRedis;

use super::super::place::{fresh_prefix, store};

const RECORDS: &str = include_str!("records.txt");

const SCRIPT: &str = concat!(
    "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]\n",
    include_str!("script.lua"),
);

pub(super) fn id(n: u32) -> ActionId {
    compute_action_id("old", &n, "").expect("a number has a JSON form")
}

pub(super) fn request(n: u32) -> ClaimRequest {
    ClaimRequest::new(id(n), "old")
}

/// The first release's store under a prefix, and its programs.
pub(super) struct Old<'a> {
    pub(super) server: &'a ThrowawayRedis,
    pub(super) prefix: String,
}

impl<'a> Old<'a> {
    pub(super) fn with_records(server: &'a ThrowawayRedis) -> Self {
        let prefix = fresh_prefix();
        for line in RECORDS.lines() {
            let words = line.split('\t').map(|word| {
                let word = word.replace("{effects:", &format!("{{{prefix}:"));
                word.replace("effects:version", &format!("{prefix}:version"))
            });
            let words: Vec<String> = words.collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let answer = server.command(&words);
            assert!(!answer.starts_with('-'), "{line}: {answer}");
        }
        Self { server, prefix }
    }

    pub(super) async fn opened(&self) -> RedisEffectStore {
        store(self.server, &self.prefix).await
    }

    pub(super) fn key(&self, n: u32) -> String {
        format!("{{{}:{:02x}}}:{}", self.prefix, id(n).as_bytes()[0], id(n))
    }

    pub(super) fn field(&self, n: u32, field: &str) -> String {
        let answer = self.server.command(&["HGET", &self.key(n), field]);
        answer.lines().nth(1).unwrap_or_default().to_owned()
    }

    /// Runs an operation of the first release; returns its answer, a word a line.
    pub(super) fn run(&self, n: u32, operation: &str, arguments: &[&str]) -> Vec<String> {
        let (record, id) = (self.key(n), id(n).to_string());
        let tag = record.trim_end_matches(&id);
        let [fence, ids, due] = ["fence", "ids", "due"].map(|name| format!("{tag}{name}"));
        let mut command = vec![
            "EVAL", SCRIPT, "4", &record, &fence, &ids, &due, operation, &id,
        ];
        command.extend(arguments);
        let answer = self.server.command(&command);
        assert!(!answer.starts_with('-'), "{answer}");
        let words = answer.lines().filter(|line| !line.starts_with(['*', '$']));
        words.map(str::to_owned).collect()
    }

    /// Claims an action that has no record; returns the fence.
    pub(super) fn claim(&self, n: u32) -> Vec<String> {
        let claim = "00000000000000000000000000abcdef";
        let (micros, nanos) = ("30000000", "30000000000");
        self.run(
            n,
            "claim",
            &[claim, "", "old", "", micros, nanos, "30000", "", "", "", ""],
        )
    }

    /// Runs an operation of the owner of one of the records.
    pub(super) fn owner(&self, n: u32, operation: &str, arguments: &[&str]) -> Vec<String> {
        let (fence, claim) = (self.field(n, "fence"), self.field(n, "claim"));
        let mut all = vec![&*fence, &*claim];
        all.extend(arguments);
        self.run(n, operation, &all)
    }

    /// Whether an action is in a list of its tag.
    pub(super) fn lists(&self, n: u32, list: &str) -> bool {
        let (key, id) = (self.key(n), id(n).to_string());
        let list = format!("{}{list}", key.trim_end_matches(&id));
        let score = self.server.command(&["ZSCORE", &list, &id]);
        score != "$-1\r\n"
    }

    /// Claims an action and releases it; the record is removed after a time.
    pub(super) fn release(&self, n: u32, retain_millis: &str) {
        let claim = "00000000000000000000000000abcdef";
        let arguments = [
            claim,
            "",
            "old",
            "",
            "30000000",
            "30000000000",
            "0",
            retain_millis,
            "",
            "",
            "",
        ];
        let won = self.run(n, "claim", &arguments);
        assert_eq!(won[0], "done", "{won:?}");
        assert_eq!(self.run(n, "release", &[&won[1], claim]), ["done"]);
    }

    pub(super) fn has_record(&self, n: u32) -> bool {
        self.server.command(&["EXISTS", &self.key(n)]) == ":1\r\n"
    }
}
