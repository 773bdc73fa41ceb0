//! The identity of a gated call: the parameters of its key, and those of its fingerprint.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, FnArg, GenericParam, Pat, Type};

use crate::check::parameter;
use crate::parse::arguments::Arguments;
use crate::parse::fault::Faults;
use crate::parse::function::Function;
use crate::parse::gate::{GateArguments, KeyArgument};

/// The parameters of a gated function, by their part in the call's identity.
pub(crate) struct Identity<'a> {
    /// All parameters but `self`, in order.
    pub(crate) all: Vec<ObjectMember<'a>>,
    /// The parts of the key, unless an expression gives it.
    pub(crate) key: Vec<ObjectMember<'a>>,
    /// The parts of the fingerprint.
    pub(crate) input: Vec<ObjectMember<'a>>,
}

/// The gate of a call, and the call's identity.
pub(crate) struct GatedCall<'a> {
    pub(crate) arguments: &'a GateArguments,
    pub(crate) identity: Identity<'a>,
}

/// A parameter, as a field of a payload.
#[derive(Clone)]
pub(crate) struct ObjectMember<'a> {
    /// The parameter's name, or its place where it has none.
    pub(crate) field: String,
    /// The variable that holds the parameter where the attempts are made.
    pub(crate) variable: Ident,
    /// Its place among the function's inputs.
    pub(crate) at: usize,
    pub(crate) ty: &'a Type,
    /// The `cfg` attributes under which the parameter exists.
    pub(crate) conditions: Vec<&'a Attribute>,
    pattern: Option<&'a Pat>,
}

/// Sorts the parameters, and checks all that their tokens show. `None` without a gate.
pub(crate) fn of<'a>(
    function: &'a Function,
    arguments: &Arguments,
    is_boxed: bool,
    faults: &mut Faults,
) -> Option<Identity<'a>> {
    let gate = arguments.gate.as_ref()?;
    if arguments.name.is_none() {
        refuse_nameless(function, gate, faults);
    }
    let all = members(function, is_boxed);
    let named = |names: &[Ident], argument: &str, faults: &mut Faults| {
        let known: Vec<_> = all
            .iter()
            .filter(|member| member.pattern.is_none())
            .map(|member| &member.variable)
            .collect();
        for name in names.iter().filter(|name| !known.contains(name)) {
            let message = parameter::unknown(argument, name, function, &known);
            faults.add_at(name.span(), message);
        }
    };
    named(&gate.skip, "skip", faults);
    if let Some(KeyArgument::Parameters(names)) = &gate.key {
        named(names, "key", faults);
        refuse_excluded(names, "key", gate, faults);
    }
    if let Some(names) = &gate.fingerprint {
        named(names, "fingerprint", faults);
        refuse_excluded(names, "fingerprint", gate, faults);
        refuse_keyed(names, gate, faults);
    }
    let (key, rest): (Vec<_>, Vec<_>) = all
        .iter()
        .filter(|member| !gate.leaves_out(member))
        .cloned()
        .partition(|member| match &gate.key {
            Some(KeyArgument::Parameters(names)) => names.contains(&member.variable),
            Some(KeyArgument::Expression(_)) => false,
            None => true,
        });
    let is_compared = |member: &ObjectMember<'_>| match &gate.fingerprint {
        Some(names) => names.contains(&member.variable),
        None => true,
    };
    let identity = Identity {
        input: rest.into_iter().filter(is_compared).collect(),
        all,
        key,
    };
    identity.refuse_patterns(faults);
    Some(identity)
}

impl GateArguments {
    /// Whether a parameter is in neither key nor fingerprint, because it is the key, the scope, the
    /// store or skipped.
    fn leaves_out(&self, member: &ObjectMember<'_>) -> bool {
        let is = |expression: &Expr| variable(expression) == Some(&member.variable);
        let is_key = matches!(&self.key, Some(KeyArgument::Expression(key)) if is(key));
        is_key
            || self.skip.contains(&member.variable)
            || self.scope.as_ref().is_some_and(is)
            || self.store.as_ref().is_some_and(is)
    }
}

impl Identity<'_> {
    /// Refuses a part of the key that has no name.
    fn refuse_patterns(&self, faults: &mut Faults) {
        for pattern in self.key.iter().filter_map(|member| member.pattern) {
            let message = "this argument is part of the key, and has no name: give it one, or say \
                           by `key(..)` what the key is";
            faults.add_on(pattern, message);
        }
    }
}

/// Refuses a part of the key or of the fingerprint that another argument takes out of it.
fn refuse_excluded(names: &[Ident], part: &str, gate: &GateArguments, faults: &mut Faults) {
    for name in names {
        let is = |expression: &Option<Expr>| expression.as_ref().and_then(variable) == Some(name);
        if let Some(skipped) = gate.skip.iter().find(|skipped| *skipped == name) {
            let message = format!("`{name}` is part of the {part}: it cannot be skipped");
            faults.add_at(skipped.span(), message);
        } else if is(&gate.scope) {
            let message = format!("`{name}` is the scope, and tells calls apart already");
            faults.add_at(name.span(), message);
        } else if is(&gate.store) {
            let message = format!("`{name}` is the store: it cannot be part of the {part}");
            faults.add_at(name.span(), message);
        }
    }
}

/// Refuses a part of the fingerprint that is in the key: its value is never compared.
fn refuse_keyed(names: &[Ident], gate: &GateArguments, faults: &mut Faults) {
    for name in names {
        let is_key = match &gate.key {
            Some(KeyArgument::Parameters(keys)) => keys.contains(name),
            Some(KeyArgument::Expression(key)) => variable(key) == Some(name),
            None => false,
        };
        if is_key {
            let message =
                format!("`{name}` is in the key already: another value is another action");
            faults.add_at(name.span(), message);
        }
    }
}

/// Refuses a function without a `name` that exists for many types, or may have namesakes.
fn refuse_nameless(function: &Function, gate: &GateArguments, faults: &mut Faults) {
    let signature = &function.signature;
    let is_generic = signature
        .generics
        .params
        .iter()
        .any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)));
    let takes_impl = |input: &FnArg| match input {
        FnArg::Typed(typed) => contains(typed.ty.to_token_stream(), "impl"),
        FnArg::Receiver(_) => false,
    };
    let message = if signature.receiver().is_some() {
        "a method may have namesakes of other types, whose results it would replay: say by \
         `name = \"..\"` what it does"
    } else if is_generic || signature.inputs.iter().any(takes_impl) {
        "a generic function is many functions, and one would replay the other's results: say by \
         `name = \"..\"` what it does, and have the key tell its types apart"
    } else {
        return;
    };
    faults.add_at(gate.idempotent.span(), message);
}

fn contains(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => contains(group.stream(), word),
        _ => false,
    })
}

fn members(function: &Function, is_boxed: bool) -> Vec<ObjectMember<'_>> {
    let inputs = function.signature.inputs.iter().enumerate();
    let typed = inputs.filter_map(|(at, input)| match input {
        FnArg::Typed(typed) => Some((at, typed)),
        FnArg::Receiver(_) => None,
    });
    let members = typed.enumerate().map(|(place, (at, typed))| {
        let conditions = typed.attrs.iter();
        let name = parameter::plain_name(&typed.pat);
        // `#[async_trait]` moves the pattern into the body, and puts a name of its own in its
        // place.
        let is_pattern = name.is_none_or(|name| is_boxed && name.to_string().starts_with("__arg"));
        ObjectMember {
            field: match name {
                Some(name) if !is_pattern => name.unraw().to_string(),
                _ => place.to_string(),
            },
            variable: name.map_or_else(|| parameter::placeholder(at), Ident::clone),
            at,
            ty: &typed.ty,
            conditions: conditions.filter(|it| it.path().is_ident("cfg")).collect(),
            pattern: is_pattern.then_some(typed.pat.as_ref()),
        }
    });
    members.collect()
}

/// Returns the variable in an expression that is nothing else, except that it may borrow or clone
/// it.
fn variable(expression: &Expr) -> Option<&Ident> {
    match expression {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Reference(reference) => variable(&reference.expr),
        Expr::Paren(paren) => variable(&paren.expr),
        Expr::Group(group) => variable(&group.expr),
        Expr::MethodCall(call) if call.method == "clone" && call.args.is_empty() => {
            variable(&call.receiver)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::attribute_arguments;

    /// Returns the fields of key and fingerprint, or the first fault.
    fn sorted(arguments: &str, function: &str) -> Result<(String, String), String> {
        let mut faults = Faults::default();
        let arguments = arguments.parse().expect("tokens");
        let arguments = attribute_arguments::parse(arguments, &mut faults);
        let function = function.parse().expect("tokens");
        let function = Function::parse(function, &mut faults).expect("a function");
        let identity = of(&function, &arguments, false, &mut faults);
        if !faults.is_empty() {
            return Err(faults.into_compile_errors().to_string());
        }
        let fields = |members: &[ObjectMember<'_>]| {
            let fields: Vec<_> = members.iter().map(|member| member.field.as_str()).collect();
            fields.join(" ")
        };
        let identity = identity.expect("a gate");
        Ok((fields(&identity.key), fields(&identity.input)))
    }

    #[test]
    fn key_and_fingerprint() {
        const CALL: &str = "async fn call(a: u32, mut b: &str, r#type: (u32, u32)) -> R {}";
        for (arguments, key, input) in [
            ("", "a b type", ""),
            ("key(b)", "b", "a type"),
            ("key(r#type, a)", "a type", "b"),
            ("key(a), skip(b)", "a", "type"),
            ("key(a), fingerprint(r#type)", "a", "type"),
            ("key(a), fingerprint()", "a", ""),
            ("key = b.len(), fingerprint(b)", "", "b"),
            ("key = a + 1", "", "a b type"),
            ("key = a", "", "b type"),
            ("key = &(a)", "", "b type"),
            ("key = b.len()", "", "a b type"),
            ("skip(a, b)", "type", ""),
            ("scope = b", "a type", ""),
            ("scope = &b, store = a.clone()", "type", ""),
            ("scope = b.len()", "a b type", ""),
        ] {
            let arguments = format!("idempotent = true, {arguments}");
            let sorted = sorted(&arguments, CALL);
            assert_eq!(
                sorted,
                Ok((key.to_owned(), input.to_owned())),
                "{arguments}"
            );
        }
    }

    #[test]
    fn patterns_go_by_their_place() {
        let function = "fn call(&self, a: u32, (x, y): (u32, u32), _: u8) -> R {}";
        let named = |arguments: &str| {
            sorted(
                &format!("idempotent = true, name = \"n\", {arguments}"),
                function,
            )
        };
        assert_eq!(named("key(a)"), Ok(("a".to_owned(), "1 2".to_owned())));
        let refused = named("").expect_err("two patterns");
        assert!(refused.contains("has no name"), "{refused}");
    }

    #[test]
    fn what_is_refused() {
        for (arguments, function, message) in [
            ("key(x)", "fn call(a: u32) -> R {}", "it has `a`"),
            ("skip(x)", "fn call(a: u32) -> R {}", "it has `a`"),
            (
                "key(a), skip(a)",
                "fn call(a: u32) -> R {}",
                "cannot be skipped",
            ),
            ("key(a, a)", "fn call(a: u32) -> R {}", "in the key already"),
            (
                "key(a), scope = a",
                "fn call(a: u32) -> R {}",
                "is the scope",
            ),
            (
                "key(a), store = &a",
                "fn call(a: u32) -> R {}",
                "is the store",
            ),
            ("", "fn call(&self) -> R {}", "a method may have"),
            ("", "fn call(self: Arc<Self>) -> R {}", "a method may have"),
            ("", "fn call<T>(a: T) -> R {}", "a generic function"),
            ("", "fn call<const N: u8>() -> R {}", "a generic function"),
            ("", "fn call(a: &impl X) -> R {}", "a generic function"),
            (
                "key(a), fingerprint(x)",
                "fn call(a: u32) -> R {}",
                "it has `a`",
            ),
            (
                "key(a), fingerprint(b), skip(b)",
                "fn call(a: u32, b: u32) -> R {}",
                "part of the fingerprint: it cannot be skipped",
            ),
            (
                "key(a), fingerprint(b, b)",
                "fn call(a: u32, b: u32) -> R {}",
                "in the fingerprint already",
            ),
            (
                "key(a), fingerprint(a)",
                "fn call(a: u32) -> R {}",
                "in the key already: another value",
            ),
            (
                "key = &a, fingerprint(a)",
                "fn call(a: u32) -> R {}",
                "in the key already: another value",
            ),
            (
                "key(a), scope = b, fingerprint(b)",
                "fn call(a: u32, b: u32) -> R {}",
                "is the scope",
            ),
            (
                "key(a), store = b, fingerprint(b)",
                "fn call(a: u32, b: u32) -> R {}",
                "part of the fingerprint",
            ),
            (
                "fingerprint(a)",
                "fn call(a: u32) -> R {}",
                "none is left to compare",
            ),
        ] {
            let arguments = format!("idempotent = true, {arguments}");
            let refused = sorted(&arguments, function).expect_err(message);
            assert!(
                refused.contains(message),
                "{arguments} {function}: {refused}"
            );
        }
    }

    #[test]
    fn what_is_not() {
        for (arguments, function) in [
            ("", "fn call<'a>(a: &'a str) -> R {}"),
            ("name = \"n\"", "fn call<T>(&self, a: T) -> R {}"),
            ("", "fn call(a: HashSet<u8>) -> R {}"),
            ("", "fn call(a: HashMap<u8, u8>) -> R {}"),
        ] {
            let arguments = format!("idempotent = true, {arguments}");
            assert!(
                sorted(&arguments, function).is_ok(),
                "{arguments} {function}"
            );
        }
    }
}
