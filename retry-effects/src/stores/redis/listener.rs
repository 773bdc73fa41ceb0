//! Notices of changes by other processes, which the server sends on the store's own connection: one
//! channel per action, and only for actions with waiters here. Polling is the fallback: nothing
//! depends on a message.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use redis::{PushInfo, PushKind, Value};
use tokio::sync::mpsc;

use super::keys::Keys;
use super::nodes::Nodes;
use crate::identity::action_id::ActionId;
use crate::protocol::store::Changed;
use crate::stores::waiters::Waiters;

/// The largest number of messages that are read before the subscriptions are updated.
const MOST: usize = 256;

/// A message to the listener.
#[derive(Clone, Copy, Debug)]
enum Message {
    Watch(ActionId),
    Leave(ActionId),
    /// The connection with this number has ended.
    Lost(u64),
}

/// The handle of the listener.
#[derive(Clone, Debug)]
pub(super) struct Listener(mpsc::UnboundedSender<Message>);

/// The listener, before it starts.
pub(super) struct Inbox(mpsc::UnboundedReceiver<Message>);

impl Listener {
    pub(super) fn new() -> (Self, Inbox) {
        let (messages, receiver) = mpsc::unbounded_channel();
        (Self(messages), Inbox(receiver))
    }

    /// Completes when the record changes, here or elsewhere.
    pub(super) fn watch(&self, id: ActionId, waiters: &Waiters) -> Changed {
        let changed = waiters.watch(id);
        self.send_message(Message::Watch(id));
        let place = Place {
            listener: self.clone(),
            id,
        };
        Changed::new(async move {
            let _place = place;
            changed.await;
        })
    }

    /// Handles a message of the server on the connection with this number.
    pub(super) fn receive(&self, number: u64, message: &PushInfo, waiters: &Waiters) {
        match (&message.kind, message.data.first()) {
            (PushKind::Message, Some(Value::BulkString(channel))) => {
                if let Some(id) = Keys::action(channel) {
                    waiters.wake(id);
                }
            }
            (PushKind::Disconnection, _) => self.send_message(Message::Lost(number)),
            _ => {}
        }
    }

    fn send_message(&self, message: Message) {
        // If the thread has ended, the message is dropped.
        let _ = self.0.send(message);
    }
}

/// The entry of one waiter.
struct Place {
    listener: Listener,
    id: ActionId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.listener.send_message(Message::Leave(self.id));
    }
}

impl Inbox {
    /// Listens until the store's thread ends.
    pub(super) async fn listen(mut self, nodes: Arc<Nodes>, waiters: Waiters) {
        let mut channels = Channels {
            nodes,
            waiters,
            watched: HashMap::new(),
            subscribed: HashSet::new(),
            on: 0,
        };
        let mut messages = Vec::with_capacity(MOST);
        while self.0.recv_many(&mut messages, MOST).await > 0 {
            let mut touched = HashSet::new();
            for message in messages.drain(..) {
                match message {
                    Message::Watch(id) => {
                        *channels.watched.entry(id).or_default() += 1;
                        touched.insert(id);
                    }
                    Message::Leave(id) => {
                        channels.leave(id);
                        touched.insert(id);
                    }
                    Message::Lost(number) => channels.nodes.drop_connection(number),
                }
            }
            channels.follow(touched).await;
        }
    }
}

/// The channels that are subscribed to.
struct Channels {
    nodes: Arc<Nodes>,
    waiters: Waiters,
    /// The number of waiters of each action.
    watched: HashMap<ActionId, usize>,
    subscribed: HashSet<ActionId>,
    /// The connection with the subscriptions.
    on: u64,
}

impl Channels {
    fn leave(&mut self, id: ActionId) {
        if let Some(watchers) = self.watched.get_mut(&id) {
            *watchers -= 1;
            if *watchers == 0 {
                self.watched.remove(&id);
            }
        }
    }

    /// Subscribes to the watched actions only. If it cannot, waiters poll.
    async fn follow(&mut self, touched: HashSet<ActionId>) {
        if self.watched.is_empty() && self.subscribed.is_empty() {
            return;
        }
        let Ok(live) = self.nodes.push_connection(self.on).await else {
            self.on = 0;
            return;
        };
        if !live.gets_pushes {
            return;
        }
        let is_new = live.number != self.on;
        let (mut more, mut less) = (Vec::new(), Vec::new());
        if is_new {
            self.subscribed.clear();
            more.extend(self.watched.keys().copied());
        } else {
            for id in touched {
                match (
                    self.watched.contains_key(&id),
                    self.subscribed.contains(&id),
                ) {
                    (true, false) => more.push(id),
                    (false, true) => less.push(id),
                    _ => {}
                }
            }
        }
        let shared = self.nodes.shared();
        let channel = |id: &ActionId| shared.terms.keys.record(*id);
        let mut connection = live.connection;
        if !more.is_empty() {
            let channels: Vec<_> = more.iter().map(channel).collect();
            if connection.subscribe(channels).await.is_err() {
                self.on = 0;
                return;
            }
        }
        if !less.is_empty() {
            let channels: Vec<_> = less.iter().map(channel).collect();
            if connection.unsubscribe(channels).await.is_err() {
                self.on = 0;
                return;
            }
        }
        self.subscribed.extend(&more);
        for id in &less {
            self.subscribed.remove(id);
        }
        if is_new && self.on != 0 {
            // Notices of changes in between were missed.
            more.iter().for_each(|id| self.waiters.wake(*id));
        }
        self.on = live.number;
    }
}
