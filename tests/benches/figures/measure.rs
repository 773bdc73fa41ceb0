//! The figures of one contender, and those of all of ours.

use retry_benches::Figures;

use crate::arguments::Arguments;
use crate::{child, rows, sizes};
use retry_benches::{Contender, Row};

/// Measures a call; `counts`: whether there is a valgrind to count with.
pub(crate) fn contender(row: &Row, contender: &Contender, counts: bool) -> Figures {
    let counted = counts.then(|| child::counts(row, contender)).flatten();
    Figures {
        row: row.id.to_owned(),
        contender: contender.name.to_owned(),
        values: [
            counted.map(|counted| counted.instructions),
            child::allocations(row, contender),
            counted.map(|counted| counted.system_calls),
            None,
        ],
    }
}

/// Measures this project's contenders in the chosen rows.
pub(crate) fn ours(arguments: &Arguments) -> Vec<Figures> {
    let calls = rows()
        .filter(|row| arguments.chooses(row.id))
        .flat_map(|row| {
            let ours = row.contenders.iter().filter(|it| it.is_ours);
            ours.map(|it| contender(row, it, true))
        });
    let sizes = sizes::all().into_iter();
    let sizes = sizes.filter(|size| size.is_ours() && arguments.chooses(size.row));
    calls.chain(sizes.map(|size| of_size(&size))).collect()
}

/// A size as a line of figures.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
pub(crate) fn of_size(size: &sizes::Size) -> Figures {
    Figures {
        row: size.row.to_owned(),
        contender: size.contender.to_owned(),
        values: [None, None, None, Some(size.bytes as f64)],
    }
}
