//! The arguments of the gate: `idempotent = true`, and the arguments that need it.

use syn::{Expr, Ident};

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::limit::{self, Limit};
use crate::parse::value::{self, Constant, Value, one_of};

/// The arguments beside `idempotent = true`. A missing one is `None`.
pub(crate) struct GateArguments {
    /// The key `idempotent`.
    pub(crate) idempotent: Ident,
    pub(crate) key: Option<KeyArgument>,
    /// `fingerprint(a, b)`; empty for `fingerprint()`.
    pub(crate) fingerprint: Option<Vec<Ident>>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) scope: Option<Expr>,
    pub(crate) store: Option<Expr>,
    pub(crate) lease: Option<Limit>,
    pub(crate) retain: Option<Limit>,
    pub(crate) in_doubt: Option<Value>,
    pub(crate) dedupe_for: Option<Limit>,
    pub(crate) on_busy: Option<Value>,
    pub(crate) probe: Option<Expr>,
    pub(crate) probe_after: Option<Limit>,
    /// The key `replay_errors`, if its value is `true`.
    pub(crate) replay_errors: Option<Ident>,
}

/// The key of the action.
pub(crate) enum KeyArgument {
    /// `key(a, b)`.
    Parameters(Vec<Ident>),
    /// `key = expr`.
    Expression(Expr),
}

impl GateArguments {
    /// Returns the gate, if the attribute requests one; `given` are the arguments that only a gate
    /// has.
    pub(super) fn parse(given: &[Argument], faults: &mut Faults) -> Option<Self> {
        let find = |key: &str| given.iter().find(|argument| argument.key == key);
        let idempotent = find("idempotent");
        let is_on = idempotent.is_some_and(|it| value::switch(it, faults).unwrap_or(true));
        let Some(idempotent) = idempotent.filter(|_| is_on) else {
            refuse_all(given, faults);
            return None;
        };
        let expression = |key: &str, faults: &mut Faults| find(key)?.expression(faults);
        let gate = Self {
            idempotent: idempotent.key.clone(),
            key: find("key").and_then(|it| key(it, faults)),
            fingerprint: find("fingerprint").map(|it| fingerprint(it, faults)),
            skip: find("skip").map_or_else(Vec::new, |it| it.names(faults)),
            scope: expression("scope", faults),
            store: expression("store", faults),
            lease: find("lease").and_then(|it| limit::read(it, faults)),
            retain: find("retain").and_then(|it| limit::read(it, faults)),
            in_doubt: find("in_doubt").and_then(|it| in_doubt(it, faults)),
            dedupe_for: find("dedupe_for").and_then(|it| limit::read(it, faults)),
            on_busy: find("on_busy").and_then(|it| on_busy(it, faults)),
            probe: expression("probe", faults),
            probe_after: find("probe_after").and_then(|it| limit::read(it, faults)),
            replay_errors: find("replay_errors")
                .filter(|it| value::switch(it, faults) == Some(true))
                .map(|it| it.key.clone()),
        };
        if let (Some(probe), Some(in_doubt)) = (find("probe"), find("in_doubt")) {
            let message = "`in_doubt` and `probe` both answer an action in doubt: keep `probe` if the \
                           other side can be asked, else `in_doubt`";
            faults.add_contradiction(
                in_doubt.key.span(),
                message,
                probe.key.span(),
                "`probe` is given here",
            );
        }
        if let Some(dedupe_for) = &gate.dedupe_for
            && gate.halts()
        {
            let message = "`dedupe_for` limits `in_doubt = \"reexecute\"`, and this action in doubt never \
                           runs again: remove one of the two";
            faults.add_at(dedupe_for.key.span(), message);
        }
        refuse_lone(given, faults);
        Some(gate)
    }

    /// Refuses a probe that could only run after the call's own time limit.
    pub(super) fn refuse_late_probe(&self, max_total_time: Option<&Limit>, faults: &mut Faults) {
        if let Some(Limit {
            key,
            value: Value::Wait(after),
        }) = &self.probe_after
            && let Some(Value::Wait(total)) = max_total_time.map(|limit| &limit.value)
            && after >= total
        {
            let message = format!(
                "{key} is {after:?}; it must be less than max_total_time, {total:?}, or the probe is \
                 never asked about an attempt of the call"
            );
            faults.add_at(key.span(), message);
        }
    }

    /// Whether an action in doubt may run again.
    pub(crate) fn reexecutes(&self) -> bool {
        self.on_doubt().is_some_and(|last| last == "Reexecute")
    }

    /// Whether an action in doubt never runs again.
    fn halts(&self) -> bool {
        self.on_doubt().is_some_and(|last| last == "Halt")
    }

    /// Returns the last name of the path that `in_doubt` is, if it is one.
    fn on_doubt(&self) -> Option<String> {
        let last = |path: &syn::Path| path.segments.last().map(|last| last.ident.to_string());
        match &self.in_doubt {
            Some(Value::Constant(Constant::Item(path))) => {
                syn::parse2(path.clone()).ok().and_then(|path| last(&path))
            }
            Some(Value::Expression(Expr::Path(path), _)) => last(&path.path),
            _ => None,
        }
    }
}

/// Refuses a gate's arguments where no gate is requested: they would silently do nothing.
fn refuse_all(given: &[Argument], faults: &mut Faults) {
    for argument in given.iter().filter(|it| it.key != "idempotent") {
        let key = &argument.key;
        let message = format!(
            "`{key}` is for calls whose effect must happen once: add `idempotent = true`, or remove \
             it"
        );
        faults.add_at(key.span(), message);
    }
}

/// Refuses an argument without the other one that it needs.
fn refuse_lone(given: &[Argument], faults: &mut Faults) {
    for (key, other, message) in [
        (
            "probe_after",
            "probe",
            "`probe_after` says from when on the no of a `probe` is final: add `probe = ..`, or \
             remove it",
        ),
        (
            "dedupe_for",
            "in_doubt",
            "`dedupe_for` says how long the other side deduplicates an action that runs again: add \
             `in_doubt = \"reexecute\"`, or remove it",
        ),
        (
            "fingerprint",
            "key",
            "without `key(..)` all arguments are the key, and none is left to compare: say by \
             `key(..)` what the action is done to, or remove `fingerprint`",
        ),
    ] {
        let find = |key: &str| given.iter().find(|argument| argument.key == key);
        if let (Some(argument), None) = (find(key), find(other)) {
            faults.add_at(argument.key.span(), message);
        }
    }
}

fn key(argument: &Argument, faults: &mut Faults) -> Option<KeyArgument> {
    if !matches!(argument.value, ArgumentValue::List(_)) {
        return argument.expression(faults).map(KeyArgument::Expression);
    }
    let names = argument.names(faults);
    refuse_repeated(&names, "the key", faults);
    (!names.is_empty()).then_some(KeyArgument::Parameters(names))
}

fn fingerprint(argument: &Argument, faults: &mut Faults) -> Vec<Ident> {
    let is_empty = matches!(&argument.value, ArgumentValue::List(list) if list.is_empty());
    let names = if is_empty {
        Vec::new()
    } else {
        argument.names(faults)
    };
    refuse_repeated(&names, "the fingerprint", faults);
    names
}

fn in_doubt(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    one_of(
        argument,
        faults,
        &[
            ("halt", "OnDoubt::Halt"),
            ("reexecute", "OnDoubt::Reexecute"),
        ],
        "to ask the other side whether it happened write `probe = ..` instead",
    )
}

fn on_busy(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    one_of(
        argument,
        faults,
        &[("wait", "OnBusy::Wait"), ("fail", "OnBusy::Fail")],
        "or an expression of type `retry_effects::OnBusy`",
    )
}

fn refuse_repeated(names: &[Ident], place: &str, faults: &mut Faults) {
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            faults.add_at(name.span(), format!("`{name}` is in {place} already"));
        }
    }
}
