//! Arguments that are valid alone, but not on this function.

use syn::spanned::Spanned;
use syn::{Expr, FnArg, Type};

use crate::check::identity::GatedCall;
use crate::check::signature::CheckedSignature;
use crate::check::{parameter, receiver};
use crate::parse::arguments::Arguments;
use crate::parse::fault::Faults;
use crate::parse::function::Function;

/// Refuses a limit, a probe or a hedge that the function's signature or its other arguments forbid.
pub(crate) fn refuse_unfit(
    arguments: &Arguments,
    function: &Function,
    checked: &CheckedSignature,
    gated: Option<&GatedCall<'_>>,
    faults: &mut Faults,
) {
    refuse_timeout(arguments, checked, faults);
    if let Some(gated) = gated {
        refuse_probe(gated, faults);
    }
    refuse_hedge(arguments, function, checked, faults);
}

fn refuse_timeout(arguments: &Arguments, checked: &CheckedSignature, faults: &mut Faults) {
    if let Some(timeout) = &arguments.timeout
        && !checked.is_async
    {
        let message = "`timeout` cannot cut a sync attempt: use `max_total_time`, which bounds the \
                       whole call, or make the function async";
        faults.add_at(timeout.key.span(), message);
    }
}

/// Refuses a probe that cannot be called.
fn refuse_probe(gated: &GatedCall<'_>, faults: &mut Faults) {
    let members = &gated.identity.all;
    let Some(probe) = &gated.arguments.probe else {
        return;
    };
    match probe {
        Expr::Closure(closure) => {
            let (takes, has) = (closure.inputs.len(), members.len());
            if takes != 0 && takes != has {
                let message = format!(
                    "this probe takes {takes}, and the function {has}: take all of its \
                     arguments, in order, or none (`|| ..` sees them by name)"
                );
                faults.add_on(&closure.inputs, message);
            }
        }
        Expr::Path(_) => {
            if let Some(member) = members.iter().find(|it| !it.conditions.is_empty()) {
                let message = "a probe given by its path takes all arguments, and this one is \
                               not always there: write the probe as a closure";
                faults.add_on(&member.ty, message);
            }
        }
        other => {
            let message = "probe must be the path of a function that takes all arguments by \
                           reference, or a closure";
            faults.add_on(other, message);
        }
    }
}

/// Refuses a hedge where a second run may do harm, or where two runs cannot share a parameter.
fn refuse_hedge(
    arguments: &Arguments,
    function: &Function,
    checked: &CheckedSignature,
    faults: &mut Faults,
) {
    let Some(hedge) = &arguments.guards.hedge else {
        return;
    };
    let place = hedge.key.span();
    if !checked.is_async {
        let message = "a sync call cannot be hedged, as its thread is busy with the first \
                       attempt: make the function async, or remove `hedge`";
        faults.add_at(place, message);
        return;
    }
    match &arguments.gate {
        Some(gate) if !gate.reexecutes() => {
            let message = "a hedge runs the body again while nobody knows what the first run \
                           did, and that stops this action: say `in_doubt = \"reexecute\"` if a \
                           second run does no harm, or remove `hedge`";
            faults.add_at(place, message);
        }
        None if !hedge.is_safe => {
            let message = "a hedge runs the body a second time while the first still runs: say \
                           that this does no harm by `hedge(.., safe = true)`";
            faults.add_at(place, message);
        }
        _ => {}
    }
    if let Some(name) = arguments.borrow.first() {
        let message = format!(
            "`borrow` and `hedge` contradict each other: copies that run side by side cannot \
             share `{name}`; take it by reference"
        );
        faults.add_contradiction(name.span(), message, place, "`hedge` is given here");
    }
    for input in &function.signature.inputs {
        if let Some(message) = unshared(input) {
            faults.add_contradiction(input.span(), message, place, "`hedge` is given here");
        }
    }
}

/// Returns the reason why copies that run side by side cannot have this input.
fn unshared(input: &FnArg) -> Option<&'static str> {
    const EXCLUSIVE: &str = "copies of a hedged attempt run side by side, and a `&mut` is lent to one \
                             at a time: take `&`, or a value";
    match input {
        FnArg::Typed(typed) => {
            (parameter::mutability_of_reference(&typed.ty) == Some(true)).then_some(EXCLUSIVE)
        }
        FnArg::Receiver(receiver) => match receiver::type_of(receiver) {
            Type::Reference(reference) if reference.mutability.is_some() => Some(EXCLUSIVE),
            Type::Reference(_) => None,
            _ => Some(
                "copies of a hedged attempt run side by side, and only one could have this `self`: \
                 take `&self`",
            ),
        },
    }
}
