//! Rows of contenders, the committed table of figures, and its comparison with what a bench has measured.

mod comparison;
mod contender;
mod table;

pub use comparison::{Change, compare};
pub use contender::{Contender, FLOOR, Row};
pub use table::{Figures, KINDS, Kind, Table, TableError};
