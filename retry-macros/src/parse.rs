//! Parses the arguments of an attribute, and the function below it. Each file reads one part of the
//! tokens, and collects every fault in it.

pub(crate) mod adaptive;
pub(crate) mod argument;
pub(crate) mod arguments;
pub(crate) mod attribute_arguments;
pub(crate) mod breaker;
pub(crate) mod budget;
pub(crate) mod class;
pub(crate) mod fault;
pub(crate) mod function;
pub(crate) mod gate;
pub(crate) mod guard_settings;
pub(crate) mod guards;
pub(crate) mod hedge;
pub(crate) mod hidden_body;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod number;
pub(crate) mod policy;
pub(crate) mod rows;
pub(crate) mod shared_guard;
pub(crate) mod spelling;
pub(crate) mod table;
pub(crate) mod throttled;
pub(crate) mod value;
pub(crate) mod wait;
