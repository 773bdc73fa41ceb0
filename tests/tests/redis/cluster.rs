//! Three nodes of a cluster that share the records, and a slot that moves from one to another.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::conformance::check;
use retry_effects::store::{Claim, ClaimRequest, Filter, Payload, Status};
use retry_effects::{
    ActionId, Effect, EffectStore, Outcome, RedisEffectStore, StoreError, compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::conformance::Stores;
use super::place::{TestClock, connected};

const NODES: usize = 3;
const SLOTS: usize = 16_384;

/// Primaries of one cluster, each on ports of its own.
pub(super) struct Cluster {
    nodes: Vec<ThrowawayRedis>,
    ports: Vec<u16>,
}

/// Ports that nobody uses at this moment.
pub(super) fn free_ports(count: usize) -> Vec<u16> {
    let bound = || TcpListener::bind("127.0.0.1:0").expect("a port");
    let listeners: Vec<_> = (0..count).map(|_| bound()).collect();
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    listeners.iter().map(port).collect()
}

fn is_ok(answer: &str) {
    assert_eq!(answer, "+OK\r\n");
}

impl Cluster {
    async fn start() -> Option<Self> {
        let ports = free_ports(2 * NODES);
        let (ports, buses) = ports.split_at(NODES);
        let mut nodes = Vec::new();
        for (port, bus) in ports.iter().zip(buses) {
            nodes.push(ThrowawayRedis::start_with(&[
                ("bind", "127.0.0.1"),
                ("port", &port.to_string()),
                ("cluster-enabled", "yes"),
                ("cluster-port", &bus.to_string()),
            ])?);
        }
        let cluster = Self {
            nodes,
            ports: ports.to_vec(),
        };
        for (place, node) in cluster.nodes.iter().enumerate() {
            let (from, to) = (SLOTS * place / NODES, SLOTS * (place + 1) / NODES - 1);
            let (from, to) = (from.to_string(), to.to_string());
            is_ok(&node.command(&["CLUSTER", "ADDSLOTSRANGE", &from, &to]));
            is_ok(&node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(place + 1).to_string()]));
            let (port, bus) = (ports[0].to_string(), buses[0].to_string());
            if place > 0 {
                is_ok(&node.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]));
            }
        }
        cluster
            .come_to(|info| {
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
            .await;
        Some(cluster)
    }

    async fn come_to(&self, is_there: impl Fn(&str) -> bool) {
        for _ in 0..3_000 {
            let say = |node: &ThrowawayRedis| is_there(&node.command(&["CLUSTER", "INFO"]));
            if self.nodes.iter().all(say) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the cluster is not ready after 30 s");
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.ports[NODES - 1])
    }

    /// Waits until a node has answered with one of these errors.
    async fn has_said(&self, codes: &[&str]) {
        let say = |node: &ThrowawayRedis| {
            let said = node.command(&["INFO", "errorstats"]);
            let is_one = |code: &&str| said.contains(&format!("errorstat_{code}:"));
            codes.iter().any(is_one)
        };
        for _ in 0..3_000 {
            if self.nodes.iter().any(say) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("no node has answered with {codes:?}");
    }

    /// Returns the keys that a node has in a slot.
    fn keys(&self, node: usize, slot: &str) -> Vec<String> {
        let keys = self.nodes[node].command(&["CLUSTER", "GETKEYSINSLOT", slot, "1000"]);
        let is_key = |line: &&str| line.starts_with('{');
        keys.lines().filter(is_key).map(str::to_owned).collect()
    }

    /// Moves a slot, key by key as `redis-cli --cluster reshard` does; `between` is what happens
    /// while it is half there.
    async fn move_slot(&self, slot: &str, to: usize, between: impl AsyncFnOnce()) {
        let whose = |node: &ThrowawayRedis| {
            let id = node.command(&["CLUSTER", "MYID"]);
            id.lines().nth(1).expect("an id").to_owned()
        };
        let ids: Vec<_> = self.nodes.iter().map(whose).collect();
        let has_it = |node: &usize| !self.keys(*node, slot).is_empty();
        let from = (0..NODES).find(has_it).expect("a node that has it");
        assert_ne!(from, to);
        let (there, here) = (&self.nodes[to], &self.nodes[from]);
        is_ok(&there.command(&["CLUSTER", "SETSLOT", slot, "IMPORTING", &ids[from]]));
        is_ok(&here.command(&["CLUSTER", "SETSLOT", slot, "MIGRATING", &ids[to]]));
        let port = self.ports[to].to_string();
        let migrate = |key: &str| {
            is_ok(&here.command(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]));
        };
        let keys = self.keys(from, slot);
        let (first, rest) = keys.split_at(keys.len() / 2);
        first.iter().for_each(|key| migrate(key));
        between().await;
        rest.iter().for_each(|key| migrate(key));
        // Also what was written meanwhile.
        self.keys(from, slot).iter().for_each(|key| migrate(key));
        for node in [there, here] {
            is_ok(&node.command(&["CLUSTER", "SETSLOT", slot, "NODE", &ids[to]]));
        }
    }
}

#[tokio::test]
async fn the_store_passes_the_suite_on_a_cluster() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    check(&Stores::at(cluster.url(), Some(TestClock::new()))).await;
    for node in &cluster.nodes {
        let keys = node.command(&["DBSIZE"]);
        assert_ne!(keys, ":0\r\n", "each node has some of the records");
    }
}

fn id(n: u64) -> ActionId {
    compute_action_id("moved", &n, "").expect("a number has a JSON form")
}

/// An action in the slot that moves: those of a tag are one in 256.
fn of_tag(tag: u8) -> impl Iterator<Item = u64> {
    (0..).filter(move |n| id(*n).as_bytes()[0] == tag)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_of_a_slot_that_moves_happen_once() {
    const ACTIONS: usize = 40;
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let store = RedisEffectStore::connect(&cluster.url())
        .await
        .expect("a store");
    let tag = id(0).as_bytes()[0];
    let slot = cluster.nodes[0].command(&[
        "CLUSTER",
        "KEYSLOT",
        &format!("{{effects:{tag:02x}}}:fence"),
    ]);
    let slot = slot.trim_matches([':', '\r', '\n']);
    let actions: Vec<_> = of_tag(tag).take(ACTIONS).collect();
    let effects = Arc::new(AtomicU64::new(0));
    let act = |n: u64| {
        let (store, effects) = (store.clone(), effects.clone());
        async move {
            Effect::new("moved", &n)
                .store(store)
                .run_async(|| async { Ok::<_, String>(effects.fetch_add(1, Ordering::SeqCst)) })
                .await
                .map(drop)
        }
    };
    let (before, after) = actions.split_at(ACTIONS / 2);
    for n in before {
        act(*n).await.expect("an effect");
    }
    let owner = (0..NODES).find(|node| !cluster.keys(*node, slot).is_empty());
    let to = (owner.expect("a node that has it") + 1) % NODES;
    let mut calls = Vec::new();
    cluster
        .move_slot(slot, to, async || {
            // They are asked for while half of the slot is elsewhere, and wait until it is whole.
            calls.extend(actions.iter().map(|n| tokio::spawn(act(*n))));
            cluster.has_said(&["ASK", "TRYAGAIN"]).await;
        })
        .await;
    for call in calls {
        call.await.expect("no panic").expect("an effect");
    }
    assert_eq!(effects.load(Ordering::SeqCst), ACTIONS as u64);
    assert!(!cluster.keys(to, slot).is_empty());
    let done = Filter::all().status(Status::Success);
    let done = store.list(&done).await.expect("a list");
    assert_eq!(done.len(), before.len() + after.len());
    assert!(done.is_sorted_by_key(|record| record.id));
}

#[tokio::test]
async fn a_node_that_is_gone_takes_nobody_along_and_comes_back_with_what_it_had() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    for node in &cluster.nodes {
        is_ok(&node.command(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]));
    }
    let options = || RedisEffectStore::options().timeout(Duration::from_millis(500));
    let store = connected(options, &cluster.url()).await;
    let (mut gone, mut left) = (None, None);
    for id in (0..).map(id) {
        let claim = store.pending(&ClaimRequest::new(id, "moved")).await;
        let Ok(Claim::Won(token)) = claim else {
            panic!("{claim:?}");
        };
        let fence = format!("{{effects:{:02x}}}:fence", id.as_bytes()[0]);
        // The others answer with the address of the one that has it.
        match cluster.nodes[0].command(&["GET", &fence]) {
            answer if answer.starts_with('$') => gone = Some(token),
            _ => left = Some(token),
        }
        if gone.is_some() && left.is_some() {
            break;
        }
    }
    let (gone, left) = (gone.expect("a claim"), left.expect("a claim"));
    let success = Outcome::Success(Payload::new("7"));
    cluster.nodes[0].kill();
    let error = store.complete(&gone, success.clone()).await;
    let error = error.expect_err("its node is gone");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&cluster.ports[0].to_string()), "{text}");
    let completed = store.complete(&left, success.clone()).await;
    completed.expect("its node is there");

    cluster.nodes[0].start_again();
    cluster
        .come_to(|info| info.contains("cluster_state:ok"))
        .await;
    let completed = store.complete(&gone, success).await;
    completed.expect("it is back, with the claim");
}

#[tokio::test]
async fn nodes_that_evict_are_refused_wherever_they_are() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    is_ok(&cluster.nodes[0].command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]));
    let error = RedisEffectStore::connect(&cluster.url())
        .await
        .expect_err("one evicts");
    let text = error.to_string();
    assert!(text.contains(&cluster.ports[0].to_string()), "{text}");
}

/// Requests to a node that is there do not wait for one that is gone.
#[tokio::test]
async fn requests_to_other_nodes_do_not_wait_for_one_that_is_gone() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    for node in &cluster.nodes {
        is_ok(&node.command(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]));
    }
    let options = || RedisEffectStore::options().timeout(Duration::from_secs(5));
    let store = connected(options, &cluster.url()).await;
    let (mut gone, mut left) = (Vec::new(), Vec::new());
    for id in (0..60).map(id) {
        let claim = store.pending(&ClaimRequest::new(id, "moved")).await;
        assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
        let fence = format!("{{effects:{:02x}}}:fence", id.as_bytes()[0]);
        match cluster.nodes[0].command(&["GET", &fence]) {
            answer if answer.starts_with('$') => gone.push(id),
            _ => left.push(id),
        }
    }
    cluster.nodes[0].kill();
    let mut slowest = Duration::ZERO;
    let mut waiting = tokio::task::JoinSet::new();
    for round in 0..20 {
        // As many callers at once.
        let lost: Vec<_> = gone.iter().map(|id| store.resolve(*id)).collect();
        let began = std::time::Instant::now();
        let found: Vec<_> = left.iter().map(|id| store.resolve(*id)).collect();
        drop(lost);
        for id in gone.clone() {
            let store = store.clone();
            waiting.spawn(async move { drop(store.resolve(id).await) });
        }
        for found in found {
            found.await.expect("its node is there");
        }
        slowest = slowest.max(began.elapsed());
        println!("round {round}: {:?}", began.elapsed());
        if slowest > Duration::from_secs(3) {
            break;
        }
    }
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
}
