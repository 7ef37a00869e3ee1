//! Enums with names, for the control API and the command line.

use std::fmt;

/// The error for an unknown name. Its message lists the known names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    what: &'static str,
    name: String,
    known: String,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} {:?}; expected one of: {}", self.what, self.name, self.known)
    }
}

impl std::error::Error for UnknownName {}

/// Finds a value by its name.
pub(crate) fn find<T: Copy>(what: &'static str, table: &[(&str, T)], name: &str) -> Result<T, UnknownName> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| UnknownName {
        what,
        name: name.to_owned(),
        known: table.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}

/// Implements `FromStr` and `Display` for an enum with named variants.
macro_rules! named {
    ($type:ident, $what:literal: $($name:literal = $variant:ident,)*) => {
        const NAMES: &[(&str, $type)] = &[$(($name, $type::$variant),)*];

        impl std::str::FromStr for $type {
            type Err = $crate::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::names::find($what, NAMES, text)
            }
        }

        /// Prints the name that [`FromStr`](std::str::FromStr) parses.
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let named = NAMES.iter().find(|(_, known)| known == self);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        }

        /// Serializes the name.
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        /// Deserializes the name.
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <String as serde::Deserialize>::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_name_lists_the_known_names() {
        let table = [("one", 1), ("two", 2)];
        assert_eq!(find("number", &table, "two"), Ok(2));
        let unknown = find("number", &table, "Two").unwrap_err().to_string();
        assert_eq!(unknown, "unknown number \"Two\"; expected one of: one, two");
    }
}
