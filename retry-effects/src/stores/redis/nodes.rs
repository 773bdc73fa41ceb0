//! The nodes that hold the records: one server; or those of a cluster, each with its slots.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use redis::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::connection::{Link, Live, Shared};
use super::error::Failure;
use super::keys::{TAGS, tags};
use super::row::text;

/// The server at the URL and, if it belongs to a cluster, the other nodes.
pub(super) struct Nodes {
    seed: Arc<Link>,
    /// The node of each tag; empty if one server has all tags.
    of_tags: Mutex<Vec<Option<Arc<Link>>>>,
}

/// The interval between two inspections of the servers' settings, in time limits of a call: one
/// minute by default.
const INSPECTED_EVERY: u32 = 6;

/// Slots, both ends included, and the address of their node.
type Range = (u16, u16, (String, u16));

impl Nodes {
    pub(super) fn new(seed: Link) -> Self {
        Self {
            seed: Arc::new(seed),
            of_tags: Mutex::default(),
        }
    }

    /// Connects to each node, which inspects it. Returns the script's hash.
    pub(super) async fn open(&self, until: Instant) -> Result<String, (Failure, String)> {
        let named = |link: &Link, failure| (failure, link.name());
        let seed = self.seed.live(until).await;
        let seed = seed.map_err(|failure| named(&self.seed, failure))?;
        self.learn(&slots(seed.clone(), until).await);
        for link in self.links() {
            let looked_at = link.live(until).await;
            looked_at.map_err(|failure| named(&link, failure))?;
        }
        Ok(seed.hash)
    }

    /// Groups the places of commands, given by their tags, by the nodes of the tags.
    pub(super) fn shares(&self, tags: &[u8]) -> Vec<(Arc<Link>, Vec<usize>)> {
        let of_tags = self.of_tags();
        if of_tags.is_empty() {
            return vec![(self.seed.clone(), (0..tags.len()).collect())];
        }
        let mut shares: Vec<(Arc<Link>, Vec<usize>)> = Vec::new();
        for (place, tag) in tags.iter().enumerate() {
            let link = of_tags[usize::from(*tag)].as_ref().unwrap_or(&self.seed);
            match shares.iter_mut().find(|(node, _)| Arc::ptr_eq(node, link)) {
                Some((_, share)) => share.push(place),
                None => shares.push((link.clone(), vec![place])),
            }
        }
        shares
    }

    /// Whether there is a connection to each node.
    pub(super) fn are_connected(&self) -> bool {
        let of_tags = self.of_tags();
        match &of_tags[..] {
            [] => self.seed.present().is_some(),
            _ => of_tags
                .iter()
                .flatten()
                .all(|link| link.present().is_some()),
        }
    }

    /// Returns a number of the node of a tag.
    pub(super) fn route(&self, tag: u8) -> usize {
        let of_tags = self.of_tags();
        let node = of_tags.get(usize::from(tag)).and_then(Option::as_ref);
        node.map_or(0, |node| Arc::as_ptr(node).addr())
    }

    /// Requests the current slots, since this node is gone or has reported that it does not have a
    /// slot. Returns whether they have changed.
    pub(super) async fn look_again(&self, not: &Link, until: Instant) -> bool {
        for link in self.links().into_iter().chain([self.seed.clone()]) {
            if let Some(live) = link.present().filter(|_| !std::ptr::eq(&*link, not)) {
                let ranges = slots(live, until).await;
                if !ranges.is_empty() {
                    return self.learn(&ranges);
                }
            }
        }
        match not.present() {
            Some(live) => self.learn(&slots(live, until).await),
            None => false,
        }
    }

    /// Inspects all servers again, from time to time, as long as they are in use.
    pub(super) async fn inspect(nodes: Weak<Self>) {
        while let Some(wait) = nodes.upgrade().map(|nodes| nodes.seed.shared.patience) {
            sleep(INSPECTED_EVERY * wait).await;
            let Some(nodes) = nodes.upgrade() else { return };
            nodes.seed.inspect().await;
            for link in nodes.links() {
                link.inspect().await;
            }
        }
    }

    /// Returns the same nodes without their connections, for another runtime.
    pub(super) fn beside(&self) -> Self {
        let of_tags = self.of_tags();
        let mut links: Vec<(&Arc<Link>, Arc<Link>)> = vec![(&self.seed, self.seed.again())];
        let seed = links[0].1.clone();
        let of_tags: Vec<Option<Arc<Link>>> = of_tags
            .iter()
            .map(|link| {
                let link = link.as_ref()?;
                if let Some((_, again)) = links.iter().find(|(known, _)| Arc::ptr_eq(known, link)) {
                    return Some(again.clone());
                }
                links.push((link, link.again()));
                links.last().map(|(_, again)| again.clone())
            })
            .collect();
        Self {
            seed,
            of_tags: Mutex::new(of_tags),
        }
    }

    /// Returns the connection for listening: the one with this number, as long as it exists.
    pub(super) async fn push_connection(&self, number: u64) -> Result<Live, Failure> {
        let links = self.links();
        let mut others = links.iter().filter_map(|link| link.present());
        let seed = self.seed.present();
        let is_it = |live: &Live| live.number == number;
        if let Some(live) = seed.iter().cloned().chain(others.clone()).find(is_it) {
            return Ok(live);
        }
        match seed.or_else(|| others.next()) {
            Some(live) => Ok(live),
            None => {
                let until = Instant::now() + self.seed.shared.patience;
                self.seed.live(until).await
            }
        }
    }

    /// Returns the state that all connections share.
    pub(super) fn shared(&self) -> &Shared {
        &self.seed.shared
    }

    /// Drops a connection, which is not to be used any more.
    pub(super) fn drop_connection(&self, number: u64) {
        self.seed.drop_connection(number);
        for link in self.links() {
            link.drop_connection(number);
        }
    }

    fn of_tags(&self) -> MutexGuard<'_, Vec<Option<Arc<Link>>>> {
        self.of_tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the nodes of the cluster, each once.
    fn links(&self) -> Vec<Arc<Link>> {
        let mut links: Vec<Arc<Link>> = Vec::new();
        for link in self.of_tags().iter().flatten() {
            if !links.iter().any(|known| Arc::ptr_eq(known, link)) {
                links.push(link.clone());
            }
        }
        links
    }

    /// Stores the node of each slot; returns whether any has changed.
    fn learn(&self, ranges: &[Range]) -> bool {
        let Some((_, _, first)) = ranges.first() else {
            return false;
        };
        let mut of_tags = Vec::new();
        // A node that has all slots needs no other connection, nor an address reachable from here.
        if ranges.iter().any(|(_, _, address)| address != first) {
            let mut links = self.links();
            let keys = &self.seed.shared.terms.keys;
            of_tags = tags(0..TAGS)
                .map(|tag| {
                    let slot = keys.slot(tag);
                    let has_it = |(from, to, _): &&Range| (*from..=*to).contains(&slot);
                    let (_, _, (host, port)) = ranges.iter().find(has_it)?;
                    self.link(&mut links, host, *port)
                })
                .collect();
        }
        let mut after = self.of_tags();
        let before = std::mem::replace(&mut *after, of_tags);
        let is_same = |(a, b): (&Option<Arc<Link>>, &Option<Arc<Link>>)| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        before.len() != after.len() || !before.iter().zip(after.iter()).all(is_same)
    }

    /// Returns the link to this address, which may exist already.
    fn link(&self, links: &mut Vec<Arc<Link>>, host: &str, port: u16) -> Option<Arc<Link>> {
        let link = self.seed.beside(host, port)?;
        let known = links.iter().chain([&self.seed]);
        if let Some(known) = known.into_iter().find(|known| known.name() == link.name()) {
            return Some(known.clone());
        }
        links.push(Arc::new(link));
        links.last().cloned()
    }
}

/// Returns the slots of each node; empty if the server belongs to no cluster, or gives none.
async fn slots(mut live: Live, until: Instant) -> Vec<Range> {
    let mut ask = redis::cmd("CLUSTER");
    ask.arg("SLOTS");
    let asked = timeout_at(until, live.connection.send_packed_command(&ask)).await;
    match asked {
        Ok(Ok(Value::Array(ranges))) => ranges.iter().filter_map(range).collect(),
        _ => Vec::new(),
    }
}

fn range(value: &Value) -> Option<Range> {
    let Value::Array(parts) = value else {
        return None;
    };
    let [Value::Int(from), Value::Int(to), Value::Array(node), ..] = &parts[..] else {
        return None;
    };
    let [host, Value::Int(port), ..] = &node[..] else {
        return None;
    };
    // None, or `?`: the host of the server that answered.
    let host = text(host).unwrap_or_default().trim_matches('?').to_owned();
    let small = |number: &i64| u16::try_from(*number).ok();
    Some((small(from)?, small(to)?, (host, small(port)?)))
}
