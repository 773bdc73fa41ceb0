//! The attribute's arguments: what may be written, parsed and checked.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Path};

use crate::parse::fault::Faults;
use crate::parse::gate::{self, Gate};
use crate::parse::guards::Guards;
use crate::parse::list::{self, Argument};
use crate::parse::names;
use crate::parse::value::{self, Value};

/// All arguments of one attribute. A missing one is `None`.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) policy: Option<Value>,
    pub(crate) max_attempts: Option<Value>,
    pub(crate) min_wait: Option<Value>,
    pub(crate) max_wait: Option<Value>,
    pub(crate) backoff: Option<Value>,
    pub(crate) multiplier: Option<Value>,
    pub(crate) jitter: Option<Value>,
    pub(crate) timeout: Option<Limit>,
    pub(crate) max_total_time: Option<Limit>,
    pub(crate) retry_if: Option<Expr>,
    pub(crate) retry_on_ok: Option<Expr>,
    pub(crate) not_applied_if: Option<Expr>,
    pub(crate) on_retry: Option<Expr>,
    pub(crate) name: Option<String>,
    /// The variable that the body knows its attempt by.
    pub(crate) attempt: Option<Ident>,
    /// The variant of `retry_core::Nested`.
    pub(crate) nested: Option<&'static str>,
    pub(crate) borrow: Vec<Ident>,
    /// What keeps retries from making an outage worse.
    pub(crate) guards: Guards,
    /// What makes the call's effect happen once, if that is asked for.
    pub(crate) gate: Option<Gate>,
    /// The path of the `retry_core` crate.
    pub(crate) krate: Option<Path>,
}

/// A limit in time, and where it was written.
pub(crate) struct Limit {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

impl Arguments {
    /// Reads everything that can be read; what cannot goes to `faults`.
    pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> Self {
        let mut arguments = Self::default();
        let given = list::parse(tokens, &names::ATTRIBUTE, faults);
        list::refuse_duplicates(&given, faults);
        for argument in &given {
            arguments.set(argument, faults);
        }
        arguments.gate = Gate::parse(&given, faults);
        arguments.check_together(&given, faults);
        arguments
    }

    /// The path of the runtime crate.
    pub(crate) fn krate(&self) -> TokenStream {
        match &self.krate {
            Some(path) => quote::quote!(#path),
            None => quote_spanned!(Span::mixed_site()=> ::retry_core),
        }
    }

    fn set(&mut self, argument: &Argument, faults: &mut Faults) {
        let key = argument.key.to_string();
        match key.as_str() {
            "policy" => self.policy = value::policy(argument, faults),
            "max_attempts" => self.max_attempts = value::attempts(argument, faults),
            "min_wait" => self.min_wait = value::wait(argument, faults),
            "max_wait" => self.max_wait = value::wait(argument, faults),
            "backoff" => self.backoff = value::backoff(argument, faults),
            "multiplier" => self.multiplier = value::multiplier(argument, faults),
            "jitter" => self.jitter = value::jitter(argument, faults),
            "timeout" => self.timeout = limit(argument, faults),
            "max_total_time" => self.max_total_time = limit(argument, faults),
            "retry_if" => self.retry_if = argument.expression(faults),
            "retry_on_ok" => self.retry_on_ok = argument.expression(faults),
            "not_applied_if" => self.not_applied_if = argument.expression(faults),
            "on_retry" => self.on_retry = argument.expression(faults),
            "name" => self.name = value::name(argument, faults),
            "attempt" => self.attempt = value::variable(argument, faults),
            "nested" => self.nested = value::nested(argument, faults),
            "borrow" => self.borrow = argument.names(faults),
            "crate" => self.krate = value::path(argument, faults),
            // All of these together make one thing.
            gates if gate::is_argument(gates) => {}
            _ if self.guards.set(argument, faults) => {}
            unknown => faults.at(argument.key.span(), names::ATTRIBUTE.unknown(unknown)),
        }
    }

    /// What no argument alone can tell.
    fn check_together(&self, given: &[Argument], faults: &mut Faults) {
        let find = |key: &str| given.iter().find(|argument| argument.key == key);
        if let (Some(Value::Wait(min)), Some(Value::Wait(max))) = (&self.min_wait, &self.max_wait)
            && max < min
            && let Some(argument) = find("max_wait")
        {
            let message = format!("max_wait is {max:?}; it must be at least min_wait, {min:?}");
            faults.at(argument.value_span(), message);
        }
        if let (Some(backoff), Some(multiplier)) = (find("backoff"), find("multiplier"))
            && self.backoff.is_some()
            && !value::is_exponential(backoff)
        {
            faults.at(
                multiplier.key.span(),
                "`multiplier` belongs to `backoff = \"exponential\"`; remove one of the two",
            );
        }
        if let Some(gate) = &self.gate
            && let Some(Limit {
                key,
                value: Value::Wait(after),
            }) = &gate.probe_after
            && let Some(Limit {
                value: Value::Wait(total),
                ..
            }) = &self.max_total_time
            && after >= total
        {
            let message = format!(
                "{key} is {after:?}; it must be less than max_total_time, {total:?}, or the probe is \
                 never asked about an attempt of the call"
            );
            faults.at(key.span(), message);
        }
        if let (Some(_), Some(argument)) = (&self.gate, find("retry_on_ok")) {
            let message = "`retry_on_ok` has no place beside `idempotent`: every `Ok` is recorded as \
                           the result; return an error for what is not done yet";
            faults.at(argument.key.span(), message);
        }
    }
}

pub(super) fn limit(argument: &Argument, faults: &mut Faults) -> Option<Limit> {
    let value = value::wait(argument, faults)?;
    if matches!(&value, Value::Wait(wait) if wait.is_zero()) {
        let key = &argument.key;
        faults.at(
            argument.value_span(),
            format!("{key} is 0; it must be more"),
        );
        return None;
    }
    Some(Limit {
        key: argument.key.clone(),
        value,
    })
}

impl Argument {
    /// Where its value stands, or else its key.
    pub(super) fn value_span(&self) -> Span {
        match &self.value {
            list::Given::Expression(expression) => expression.span(),
            _ => self.key.span(),
        }
    }
}
