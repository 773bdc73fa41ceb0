//! The functions that an expanded attribute calls, and the [`Effect`](crate::Effect) builder too:
//! the way from a function's arguments to its gate.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Once};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use retry_core::__private::{Limits, Marks, mark, refuse, watch_doubt};
use retry_core::recognize;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::gate::admission::{Admission, Request};
use crate::gate::ambient;
use crate::gate::blocking::{self, NotRun};
use crate::gate::codec::types::{Errors, OutcomeCodec, Results};
use crate::gate::error::EffectError;
use crate::gate::gate::Gate;
use crate::gate::options::{Doubt, OnBusy, OnDoubt, Probe};
use crate::identity::action_id::{UnscopedId, compute_action_id};
use crate::identity::error::ActionIdError;
use crate::protocol::claim::DEFAULT_LEASE;
use crate::protocol::ids::InputHash;
use crate::protocol::state_machine::millis;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;
use crate::stores::default_store::{IntoStore, default_store};

/// A gated function.
#[derive(Debug)]
pub struct ActionSite {
    name: &'static str,
}

impl ActionSite {
    /// Returns the function whose action type is `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }
}

/// The request of a call to the gate.
pub struct GateRequest {
    name: Cow<'static, str>,
    scope: Option<Arc<str>>,
    id: UnscopedId,
    /// The reason why the call has no id. Boxed: the request is moved, and has none.
    fault: Option<Box<ActionIdError>>,
    input_hash: Option<InputHash>,
    store: Option<Arc<dyn EffectStore>>,
    lease: Duration,
    retain: Option<Duration>,
    in_doubt: OnDoubt,
    on_busy: OnBusy,
    probed: bool,
    probe_after: Duration,
    /// In milliseconds: the request is a part of each call's future.
    dedupe_for: u64,
    limits: Option<Limits>,
}

impl std::fmt::Debug for GateRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GateRequest")
            .field("action_type", &self.name)
            .finish_non_exhaustive()
    }
}

impl GateRequest {
    /// Starts the request of an annotated function.
    #[must_use]
    pub fn new(site: &'static ActionSite) -> Self {
        Self::named(Cow::Borrowed(site.name))
    }

    pub(crate) fn named(name: Cow<'static, str>) -> Self {
        Self {
            name,
            scope: None,
            id: UnscopedId::default(),
            fault: None,
            input_hash: None,
            store: None,
            lease: DEFAULT_LEASE,
            retain: None,
            in_doubt: OnDoubt::default(),
            on_busy: OnBusy::default(),
            probed: false,
            probe_after: Duration::ZERO,
            dedupe_for: u64::MAX,
            limits: None,
        }
    }

    /// `scope = ..`
    #[must_use]
    pub fn scope(mut self, scope: &(impl Display + ?Sized)) -> Self {
        self.scope = Some(scope.to_string().into());
        self
    }

    /// Sets the object of the action.
    #[must_use]
    pub fn key<T: Serialize + ?Sized>(mut self, key: &T) -> Self {
        match UnscopedId::new(&self.name, key) {
            Ok(id) => self.id = id,
            Err(fault) => self.fault = Some(Box::new(fault)),
        }
        self
    }

    /// Sets the arguments that are not part of the key.
    #[must_use]
    pub fn input<T: Serialize + ?Sized>(mut self, input: &T) -> Self {
        match compute_action_id("", input, "") {
            Ok(id) => self.input_hash = Some(InputHash::from_bytes(*id.as_bytes())),
            Err(fault) => self.fault = Some(Box::new(fault)),
        }
        self
    }

    /// `store = ..`
    #[must_use]
    pub fn store(mut self, store: impl IntoStore) -> Self {
        self.store = Some(store.into_store());
        self
    }

    /// `lease = ..`; the minimum is 3 milliseconds.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(3));
        self
    }

    /// `retain = ..`
    #[must_use]
    pub fn retain(mut self, retain: Duration) -> Self {
        self.retain = Some(retain);
        self
    }

    /// `in_doubt = ..`
    #[must_use]
    pub fn in_doubt(mut self, in_doubt: OnDoubt) -> Self {
        self.in_doubt = in_doubt;
        self
    }

    /// `on_busy = ..`
    #[must_use]
    pub fn on_busy(mut self, on_busy: OnBusy) -> Self {
        self.on_busy = on_busy;
        self
    }

    /// Records that the call has a probe.
    #[must_use]
    pub fn with_probe(mut self) -> Self {
        self.probed = true;
        self
    }

    /// `probe_after = ..`
    #[must_use]
    pub fn probe_after(mut self, wait: Duration) -> Self {
        self.probe_after = wait;
        self
    }

    /// `dedupe_for = ..`
    #[must_use]
    pub fn dedupe_for(mut self, time: Duration) -> Self {
        self.dedupe_for = millis(time);
        self
    }

    /// Sets the call's time limits, whose count has begun.
    #[must_use]
    pub fn limits(mut self, limits: &Limits) -> Self {
        self.limits = Some(*limits);
        self
    }

    /// Requests admission for an async call.
    ///
    /// No async function: its future would hold each of its arguments twice.
    pub fn open<T, E>(
        self,
        results: Results<T>,
        errors: Errors<E>,
    ) -> impl Future<Output = Admitted<T, E>> {
        let request = self.request(false);
        async move {
            let request = match &request {
                Ok(request) => request,
                Err(_) => return Admitted::not_requested(request, &errors),
            };
            let admitted = request.admit_in_time().await;
            Admitted::of(admitted, request, OutcomeCodec { results, errors })
        }
    }

    /// Requests admission for a sync call.
    #[must_use]
    pub fn open_sync<T, E>(self, results: Results<T>, errors: Errors<E>) -> Admitted<T, E> {
        let codec = OutcomeCodec { results, errors };
        let request = match self.request(true) {
            Ok(request) => request,
            Err(error) => return Admitted::refused(error, &codec.errors),
        };
        match blocking::run(&*request.store, pin!(request.admit())) {
            Ok(admitted) => Admitted::of(admitted, &request, codec),
            Err(NotRun::CannotBlock) => {
                let error = EffectError::CannotBlock {
                    action_type: (*request.name).into(),
                    what: "its store",
                };
                Admitted::refused(error, &codec.errors)
            }
            Err(NotRun::NoRuntime(error)) => {
                Admitted::refused(request.without_keeper(error), &codec.errors)
            }
        }
    }

    fn request(self, blocks: bool) -> Result<Request, EffectError> {
        watch_doubt();
        recognize_own_errors();
        if let Some(source) = self.fault {
            let action_type = (*self.name).into();
            return Err(EffectError::NoActionId {
                action_type,
                source: *source,
            });
        }
        let scope = self.scope.or_else(ambient::current_scope);
        Ok(Request {
            id: self.id.in_scope(scope.as_deref().unwrap_or_default()),
            scope,
            name: self.name,
            input_hash: self.input_hash,
            store: self.store.unwrap_or_else(|| default_store().clone()),
            lease: self.lease,
            retain: self.retain,
            doubt: Doubt::of(self.in_doubt, self.probed),
            probe_after: self.probe_after,
            dedupe_for: self.dedupe_for,
            on_busy: self.on_busy,
            limits: self.limits,
            began: Instant::now(),
            blocks,
        })
    }
}

/// Registers this crate's errors, so that they are recognized in source chains.
fn recognize_own_errors() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        recognize::<EffectError>();
        recognize::<StoreError>();
    });
}

/// The result of admission.
#[derive(Debug)]
pub enum Admitted<T, E> {
    /// The call does not run: this is its outcome.
    Finished(Result<T, E>),
    /// The call runs under this claim.
    Run(Gate<T, E>),
}

impl<T, E> Admitted<T, E> {
    fn refused(error: EffectError, errors: &Errors<E>) -> Self {
        refuse(|| error.to_string());
        Self::Finished(Err((errors.of)(error)))
    }

    fn not_requested(request: Result<Request, EffectError>, errors: &Errors<E>) -> Self {
        let error = request.err().expect("it was refused");
        Self::refused(error, errors)
    }

    fn of(
        admitted: Result<Admission, EffectError>,
        request: &Request,
        codec: OutcomeCodec<T, E>,
    ) -> Self {
        let (name, id) = (&*request.name, request.id);
        Self::Finished(match admitted {
            Ok(Admission::Run {
                action,
                probes_first,
            }) => {
                return Self::Run(Gate::new(action, request.doubt, probes_first, codec));
            }
            Ok(Admission::Done(finished)) => codec
                .results
                .replayed(name, id, &finished)
                .map_err(codec.errors.of),
            Ok(Admission::Failed(finished)) => match (codec.errors.decode)(&finished.payload) {
                Some(Ok(error)) => Err(error),
                other => Err((codec.errors.of)(EffectError::NotDecoded {
                    action_type: name.into(),
                    id,
                    format: finished.payload.format(),
                    source: other.and_then(Result::err).flatten(),
                })),
            },
            Err(error) => {
                // An error that is only a text cannot pass the doubt to the enclosing call; the
                // mark does.
                if error.may_have_happened() {
                    mark(Marks::UNKNOWN);
                } else {
                    refuse(|| error.to_string());
                }
                Err((codec.errors.of)(error))
            }
        })
    }
}

/// The arguments of a call by name: a map that serializes in the order given.
#[derive(Clone, Copy, Debug)]
pub struct ArgumentObject<F>(pub F);

/// One argument, and the ones after it.
#[derive(Clone, Copy, Debug)]
pub struct ArgumentField<V, F> {
    name: &'static str,
    value: V,
    rest: F,
}

/// The end of the arguments.
#[derive(Clone, Copy, Debug)]
pub struct EndOfFields;

impl<V, F> ArgumentField<V, F> {
    /// Returns the argument `name`, followed by `rest`.
    #[must_use]
    pub const fn new(name: &'static str, value: V, rest: F) -> Self {
        Self { name, value, rest }
    }
}

/// An argument, or a key, as a part of the identity. `AT` is the position of the argument. It gives each
/// argument a type of its own, because the compiler reports an unsatisfied bound once for each type.
///
/// The expansion calls `__retry_part` on a `Part` behind two references. If the value is `Serialize`, method
/// resolution finds [`Identified`], which returns the value. Otherwise it finds [`NotIdentified`], whose bound
/// nothing satisfies: this is the compile error.
///
/// [`NotIdentified`] returns `()`, which is `Serialize`. The compiler then reports the argument, and not the
/// object around it as well. Its bound is on `ThisArgument` and not on `T`: for `T`, the compiler would
/// propose a path inside serde, or inside this crate, as a bound to add.
#[derive(Debug)]
pub struct Part<'a, const AT: usize, T: ?Sized>(pub &'a T);

/// First choice: the value itself.
pub trait Identified<'a> {
    /// The value's type.
    type Value: ?Sized;
    /// Returns the value.
    fn __retry_part(&self) -> &'a Self::Value;
}

impl<'a, T: Serialize + ?Sized, const AT: usize> Identified<'a> for &Part<'a, AT, T> {
    type Value = T;

    fn __retry_part(&self) -> &'a T {
        self.0
    }
}

/// Last choice: a compile error, whose message states the remedy.
pub trait NotIdentified {
    /// The subject of the bound.
    type Argument;
    /// Never compiles: the value is not `Serialize`.
    fn __retry_part(&self) -> &'static ()
    where
        Self::Argument: Identifying;
}

impl<T: ?Sized, const AT: usize> NotIdentified for Part<'_, AT, T> {
    type Argument = ThisArgument<AT>;

    fn __retry_part(&self) -> &'static () {
        &()
    }
}

/// The subject of the bound on a value.
#[derive(Debug)]
pub struct ThisArgument<const AT: usize>;

/// The bound on a value that can be part of the key or the fingerprint. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "this cannot be part of the identity of an `idempotent` call: it is not `Serialize`",
    label = "not `Serialize`",
    note = "derive `serde::Serialize` for it and for what it holds, require it of a type parameter \
            (`T: serde::Serialize`), or leave it out with `skip(..)`"
)]
pub trait Identifying {}

/// The fields of an [`ArgumentObject`].
pub trait ArgumentFields {
    /// Writes the fields.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

impl ArgumentFields for EndOfFields {
    fn write<M: SerializeMap>(&self, _: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

impl<V: Serialize, F: ArgumentFields> ArgumentFields for ArgumentField<V, F> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(self.name, &self.value)?;
        self.rest.write(map)
    }
}

impl<F: ArgumentFields> Serialize for ArgumentObject<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.0.write(&mut map)?;
        map.end()
    }
}

/// Runs an async probe: a panic in it is `Probe::Unknown`.
pub fn catch_panic<T, F: Future<Output = Probe<T>>>(probe: F) -> CatchPanic<F> {
    CatchPanic { probe }
}

/// Runs a sync probe: a panic in it is `Probe::Unknown`.
pub fn catch_panic_sync<T>(probe: impl FnOnce() -> Probe<T>) -> Probe<T> {
    catch_unwind(AssertUnwindSafe(probe)).unwrap_or_else(unknown_after_panic)
}

fn unknown_after_panic<T>(_: Box<dyn Any + Send>) -> Probe<T> {
    Probe::Unknown
}

pin_project! {
    /// A running probe.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct CatchPanic<F> {
        #[pin]
        probe: F,
    }
}

impl<T, F: Future<Output = Probe<T>>> Future for CatchPanic<F> {
    type Output = Probe<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Probe<T>> {
        let probe = self.project().probe;
        catch_unwind(AssertUnwindSafe(|| probe.poll(context)))
            .unwrap_or_else(|panic| Poll::Ready(unknown_after_panic(panic)))
    }
}
