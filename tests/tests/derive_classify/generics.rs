//! Generic types, and types that borrow.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::io;

use retry_core::{Classify, Judgement, Verdict};

use crate::sources::{Declined, declined};
use crate::together::reset;

/// Nothing is declared of its parameter: the derive asks for `E: Classify`.
#[derive(Debug, thiserror::Error, Classify)]
#[error("plain")]
struct Undeclared<E>(#[source] E);

/// The errors are declared, so they are judged by their chain.
#[derive(Debug, thiserror::Error, Classify)]
#[error("declared")]
struct Declared<E: Error + 'static>(#[source] E);

#[derive(Debug, thiserror::Error, Classify)]
#[error("declared")]
struct DeclaredInClause<E>(#[source] E)
where
    E: Classify + Error + 'static;

#[test]
fn a_parameter_is_judged_by_what_is_declared_of_it() {
    assert_eq!(Undeclared(Declined).classify(), declined());
    assert_eq!(Undeclared(reset()).classify(), reset().classify());
    assert_eq!(Declared(reset()).classify(), reset().classify());
    assert_eq!(DeclaredInClause(Declined).classify(), declined());
    // Only an `Error` is declared: that the type has words cannot be known.
    assert!(!Declared(Declined).classify().is_not_applied());
}

#[test]
fn only_what_borrows_nothing_is_looked_at() {
    assert!(Declared(Declined).as_error().is_some());
    assert!(DeclaredInClause(Declined).as_error().is_some());
    assert!(Undeclared(Declined).as_error().is_none());
    assert!(Borrowed { text: "busy" }.as_error().is_none());
}

/// Its text needs its parameter to display, and no field holds an error.
#[derive(Debug, thiserror::Error, Classify)]
enum Value<T = u32> {
    #[error("bad value {0}")]
    #[classify(stop)]
    Bad(T),
    #[error("{0} not found")]
    Missing(T),
}

impl<T> Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shown")
    }
}

#[derive(Classify)]
#[classify(retry)]
struct Shown<'a, T>(#[expect(dead_code, reason = "only its type counts")] &'a [T]);

#[test]
fn a_parameter_that_is_no_error_needs_to_be_none() {
    let bad: Value = Value::Bad(5);
    assert_eq!(bad.classify(), Judgement::stop());
    assert_eq!(Value::Missing("x").classify(), "x not found".classify());
    assert_eq!(Shown(&[&reset()]).classify(), Judgement::retry());
}

impl<T, const N: usize> Display for Open<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "open {}", self.0.len())
    }
}

#[derive(Classify)]
struct Open<T, const N: usize>([T; N]);

#[test]
fn a_constant_parameter_is_none_of_our_business() {
    assert_eq!(Open([(); 4]).classify(), "open 4".classify());
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("{text}")]
struct Borrowed<'a> {
    text: &'a str,
}

/// It borrows the error that it holds, too.
#[derive(Debug, Classify)]
enum Lent<'a, E: Error> {
    Reference(#[source] &'a io::Error),
    Text(#[source] Borrowed<'a>),
    Chain(#[source] E),
}

impl<E: Error> Display for Lent<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lent")
    }
}

/// An error that borrows, and that nothing knows.
#[derive(Debug)]
struct Short<'a>(&'a str, io::Error);

impl Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Short<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.1)
    }
}

#[test]
fn what_borrows_is_judged_all_the_same() {
    let (text, source) = (String::from("404 not found"), reset());
    assert_eq!(Borrowed { text: &text }.classify().verdict(), Verdict::Stop);
    let reference: Lent<'_, io::Error> = Lent::Reference(&source);
    assert_eq!(reference.classify(), reset().classify());
    let held: Lent<'_, io::Error> = Lent::Text(Borrowed { text: &text });
    assert_eq!(held.classify().verdict(), Verdict::Stop);
    let chain = Lent::Chain(Short(&text, reset()));
    assert_eq!(chain.classify(), reset().classify());
}

/// It holds itself, and a parameter.
#[derive(Debug, thiserror::Error, Classify)]
enum Tree<E: Debug + Display + Classify + Error + 'static> {
    #[error("branch")]
    Branch(#[source] Box<Tree<E>>),
    #[error("leaf")]
    Leaf(#[source] E),
}

#[derive(Debug, Classify)]
enum UndeclaredTree<E> {
    Branch(#[source] Box<Self>),
    Leaf(#[source] E),
}

impl<E> Display for UndeclaredTree<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tree")
    }
}

#[test]
fn recursion_through_a_parameter() {
    let tree = Tree::Branch(Box::new(Tree::Leaf(reset())));
    assert_eq!(tree.classify(), reset().classify());
    let tree = UndeclaredTree::Branch(Box::new(UndeclaredTree::Leaf(reset())));
    assert_eq!(tree.classify(), reset().classify());
}

/// A source whose type is made of the parameter.
trait Client {
    type Error;
}

struct Http;

impl Client for Http {
    type Error = io::Error;
}

#[derive(Classify)]
enum Projected<C: Client>
where
    C::Error: Classify,
{
    Call(#[source] C::Error),
}

impl<C: Client> Display for Projected<C>
where
    C::Error: Classify,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("call")
    }
}

#[test]
fn an_associated_error_is_judged_by_its_bound() {
    let error: Projected<Http> = Projected::Call(reset());
    assert_eq!(error.classify(), reset().classify());
}
