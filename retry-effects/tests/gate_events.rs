//! What the gate reports, to `tracing` and to the process's observer: the events, and never their
//! content. A process of its own, because the observer is global to a process.

use std::io;
use std::sync::{Arc, Mutex};

use retry_core::testing::Recorder;
use retry_effects::{
    Effect, EffectStore, GateEventKind, InMemoryEffectStore, OnBusy, OnDoubt, Probe, observe_gate,
};

const SECRET: &str = "s3cr3t";

static SEEN: Mutex<Vec<(GateEventKind, String)>> = Mutex::new(Vec::new());

/// Returns the events observed since the last call.
fn seen() -> Vec<GateEventKind> {
    let mut seen = SEEN.lock().expect("no panic");
    seen.drain(..).map(|(kind, _)| kind).collect()
}

fn charge(store: &Arc<InMemoryEffectStore>, key: u32) -> Effect {
    // Key, scope, input, result and error are all secret.
    Effect::new("charge", &(SECRET, key))
        .scope(SECRET)
        .fingerprint(SECRET)
        .store(store)
}

fn says(kind: io::ErrorKind) -> io::Result<String> {
    Err(kind.into())
}

#[test]
fn every_event_is_told_and_none_tells_too_much() {
    let first = observe_gate(|event| {
        assert_eq!(event.action_type, "charge");
        let text = format!("{event:?}");
        assert!(!text.contains(SECRET), "{text}");
        SEEN.lock().expect("no panic").push((event.kind, text));
    });
    assert!(first);
    assert!(!observe_gate(|_| unreachable!("the first one stays")));
    let recorder = Recorder::install();
    let store = Arc::new(InMemoryEffectStore::new());
    let runs = || Ok(SECRET.to_owned());
    use GateEventKind as Kind;

    assert!(charge(&store, 1).run(runs).is_ok());
    assert_eq!(seen(), [Kind::Won, Kind::Succeeded]);
    assert!(
        charge(&store, 1)
            .run(|| -> io::Result<String> { unreachable!() })
            .is_ok()
    );
    assert_eq!(seen(), [Kind::Replayed]);
    assert!(
        charge(&store, 1)
            .fingerprint("else")
            .run(runs as fn() -> io::Result<_>)
            .is_err()
    );
    assert_eq!(seen(), [Kind::Mismatch]);

    assert!(
        charge(&store, 2)
            .run(|| says(io::ErrorKind::ConnectionRefused))
            .is_err()
    );
    assert_eq!(seen(), [Kind::Won, Kind::Released]);
    assert!(
        charge(&store, 2)
            .run(|| says(io::ErrorKind::TimedOut))
            .is_err()
    );
    assert_eq!(seen(), [Kind::Won, Kind::InDoubt]);
    assert!(
        charge(&store, 2)
            .run(runs as fn() -> io::Result<_>)
            .is_err()
    );
    assert_eq!(seen(), [Kind::DoubtFound]);
    let again = charge(&store, 2).in_doubt(OnDoubt::Reexecute);
    assert!(again.run(runs as fn() -> io::Result<_>).is_ok());
    assert_eq!(seen(), [Kind::Won, Kind::Succeeded]);

    let rescued = charge(&store, 5).probe(|| Probe::Applied(SECRET.to_owned()));
    assert!(rescued.run(|| says(io::ErrorKind::TimedOut)).is_ok());
    assert_eq!(seen(), [Kind::Won, Kind::Rescued, Kind::Succeeded]);
    // An earlier call's error, too.
    assert!(
        charge(&store, 6)
            .run(|| says(io::ErrorKind::TimedOut))
            .is_err()
    );
    let rescued = charge(&store, 6).probe(|| Probe::Applied(SECRET.to_owned()));
    assert!(rescued.run(runs as fn() -> io::Result<_>).is_ok());
    assert_eq!(
        seen(),
        [
            Kind::Won,
            Kind::InDoubt,
            Kind::Won,
            Kind::Rescued,
            Kind::Succeeded
        ]
    );

    let outcome = charge(&store, 3).run(|| {
        let nested = charge(&store, 3).on_busy(OnBusy::Fail);
        assert!(nested.run(runs as fn() -> io::Result<_>).is_err());
        let token = retry_effects::current_action().expect("a body").token();
        drop(pollster(store.release(&token)));
        runs() as io::Result<_>
    });
    assert!(outcome.is_err());
    assert_eq!(seen(), [Kind::Won, Kind::Busy, Kind::LeaseLost]);

    let full = Arc::new(InMemoryEffectStore::bounded(0));
    assert!(charge(&full, 4).run(runs as fn() -> io::Result<_>).is_err());
    assert_eq!(seen(), [Kind::StoreFailed]);

    let events = recorder.events();
    let gate: Vec<_> = events
        .iter()
        .filter(|event| event.fields.contains_key("gate"))
        .collect();
    assert_eq!(gate.len(), 23, "{events:#?}");
    for event in &events {
        assert!(!format!("{event:?}").contains(SECRET), "{event:?}");
    }
    for event in gate {
        for field in ["operation", "action", "gate", "elapsed_ms"] {
            assert!(event.fields.contains_key(field), "{event:?} has no {field}");
        }
    }
}

/// Returns the answer, which the in-memory store gives at once.
fn pollster<T: Unpin>(answer: retry_effects::store::StoreFuture<'_, T>) -> T {
    use std::task::{Context, Poll, Waker};
    let mut answer = std::pin::pin!(answer);
    match answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(answer) => answer.expect("a store that answers"),
        Poll::Pending => panic!("it is there at once"),
    }
}
