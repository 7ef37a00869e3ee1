//! Things that have a name, for the control interface and the command line.

use std::fmt;

/// A name that stands for nothing here. Its text says which names there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    what: &'static str,
    name: String,
    known: String,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {} {:?}; there are: {}", self.what, self.name, self.known)
    }
}

impl std::error::Error for UnknownName {}

/// The thing of this name.
pub(crate) fn find<T: Copy>(what: &'static str, table: &[(&str, T)], name: &str) -> Result<T, UnknownName> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, thing)| *thing).ok_or_else(|| UnknownName {
        what,
        name: name.to_owned(),
        known: table.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}

/// Reads a public enum by the names of its variants, and prints it so.
macro_rules! named {
    ($type:ident, $what:literal: $($name:literal = $variant:ident,)*) => {
        const NAMES: &[(&str, $type)] = &[$(($name, $type::$variant),)*];

        impl std::str::FromStr for $type {
            type Err = $crate::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::names::find($what, NAMES, text)
            }
        }

        /// Its name, as [`FromStr`](std::str::FromStr) reads it.
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let named = NAMES.iter().find(|(_, known)| known == self);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        }
    };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_hears_the_known_ones() {
        let table = [("one", 1), ("two", 2)];
        assert_eq!(find("number", &table, "two"), Ok(2));
        let unknown = find("number", &table, "Two").unwrap_err().to_string();
        assert_eq!(unknown, "there is no number \"Two\"; there are: one, two");
    }
}
