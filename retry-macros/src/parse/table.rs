//! The table of a list of arguments: one row drives an argument, and all rows together explain an
//! unknown name.

use crate::parse::spelling;

/// The arguments that a list takes.
pub(super) struct ArgumentTable<T: 'static> {
    /// The argument with this list; `None` for the attribute itself.
    pub(super) of: Option<&'static str>,
    pub(super) rows: &'static [ArgumentRow<T>],
}

/// One argument.
pub(super) struct ArgumentRow<T> {
    pub(super) name: &'static str,
    /// The reader of its value, and its destination.
    pub(super) takes: T,
    /// An example of the argument.
    pub(super) example: &'static str,
    /// Its names in other libraries.
    pub(super) aliases: &'static [&'static str],
}

impl<T> ArgumentRow<T> {
    pub(super) const fn new(
        name: &'static str,
        takes: T,
        example: &'static str,
        aliases: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            takes,
            example,
            aliases,
        }
    }
}

impl<T> ArgumentTable<T> {
    /// Returns the argument of this name.
    pub(super) fn row(&self, name: &str) -> Option<&'static ArgumentRow<T>> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// Returns an example of the first argument.
    pub(super) fn any_example(&self) -> &'static str {
        self.rows.first().map_or("key = value", |row| row.example)
    }

    /// Returns the message for an unknown name: the argument that it probably stands for, else all
    /// names.
    pub(super) fn unknown(&self, name: &str) -> String {
        let of = self.of.map(|of| format!(" of `{of}`")).unwrap_or_default();
        if let Some(row) = self.rows.iter().find(|row| row.aliases.contains(&name)) {
            let meant = row.name;
            let counts = if meant == "max_attempts" {
                " (the first attempt counts)"
            } else {
                ""
            };
            return format!("unknown argument `{name}`{of}; here it is called `{meant}`{counts}");
        }
        match spelling::suggestion(name, self.names()) {
            Some(meant) => format!("unknown argument `{name}`{of}; did you mean `{meant}`?"),
            None => {
                let all: Vec<_> = self.names().collect();
                let all = all.join(", ");
                format!("unknown argument `{name}`{of}; the arguments are {all}")
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.rows.iter().map(|row| row.name)
    }
}

#[cfg(test)]
impl<T> ArgumentTable<T> {
    /// Checks that examples show their argument, and that no alias is an argument.
    pub(super) fn check(&self) {
        for row in self.rows {
            assert!(row.example.starts_with(row.name), "{}", row.example);
            for alias in row.aliases {
                assert!(self.row(alias).is_none(), "{alias}");
                let rows = self.rows.iter();
                let named = rows.filter(|row| row.aliases.contains(alias)).count();
                assert_eq!(named, 1, "{alias}");
            }
        }
    }
}
