//! The line and column of a place in a text. Both start with 1.

use super::fault::Pointer;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Returns the place of a pointer's value in JSON, or of its nearest parent.
pub(super) fn in_json(text: &str, at: &Pointer) -> (usize, usize) {
    line_and_column(text, json_offset(text, at).unwrap_or(0))
}

/// Each step parses one level. `RawValue` borrows the text of the value, so that its address gives the offset.
fn json_offset(text: &str, at: &Pointer) -> Option<usize> {
    let mut here: &RawValue = serde_json::from_str(text).ok()?;
    for segment in at.segments() {
        let below = if here.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(here.get()).ok()?;
            segment.parse().ok().and_then(|at: usize| items.get(at).copied())
        } else {
            let members: HashMap<String, &RawValue> = serde_json::from_str(here.get()).unwrap_or_default();
            members.get(&segment).copied()
        };
        let Some(below) = below else { break };
        here = below;
    }
    Some(here.get().as_ptr() as usize - text.as_ptr() as usize)
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Returns the place of a syntax error. serde_json counts the bytes of the text that it was given, which is that of one level.
pub(super) fn of_json_error(text: &str, error: &serde_json::Error) -> (usize, usize) {
    match serde_json::from_str::<&RawValue>(text) {
        Err(error) => (error.line().max(1), error.column().max(1)),
        // A duplicate key is found at its level only: look for the second one.
        Ok(_) => duplicate(text, error).unwrap_or((1, 1)),
    }
}

fn duplicate(text: &str, error: &serde_json::Error) -> Option<(usize, usize)> {
    let message = error.to_string();
    let key = message.split("duplicate key ").nth(1)?;
    let key = key.get(..key.rfind('"')? + 1)?;
    let second = text
        .match_indices(key)
        .filter(|(at, _)| text.get(at + key.len()..).is_some_and(|after| after.trim_start().starts_with(':')));
    second.last().map(|(at, _)| line_and_column(text, at))
}

/// serde_json appends the position, which is printed in front.
pub(super) fn without_position(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

#[cfg(feature = "yaml")]
mod yaml {
    use super::Pointer;
    use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
    use serde_saphyr::Spanned;
    use std::fmt;

    /// The places of the values of a YAML text.
    pub(crate) struct YamlPlaces(Option<Spanned<Located>>);

    impl YamlPlaces {
        pub(crate) fn of(text: &str) -> Self {
            Self(serde_saphyr::from_str(text).ok())
        }

        /// Returns the place of a pointer's value, or of its nearest parent.
        pub(crate) fn find(&self, at: &Pointer) -> (usize, usize) {
            let Some(mut here) = self.0.as_ref() else { return (1, 1) };
            for segment in at.segments() {
                let below = match &here.value {
                    Located::Object(members) => members.iter().find(|(key, _)| *key == segment).map(|(_, value)| value),
                    Located::List(items) => segment.parse().ok().and_then(|at: usize| items.get(at)),
                    Located::Other => None,
                };
                let Some(below) = below else { break };
                here = below;
            }
            let number = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).max(1);
            (number(here.referenced.line()), number(here.referenced.column()))
        }
    }

    pub(crate) fn of_yaml_error(error: &serde_saphyr::Error) -> (usize, usize) {
        let number = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).max(1);
        error.location().map_or((1, 1), |location| (number(location.line()), number(location.column())))
    }

    /// The first line: the others quote the text, whose place is printed in front.
    pub(crate) fn yaml_message(error: &serde_saphyr::Error) -> String {
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or_default();
        super::without_position(message).trim_end_matches([':', ' ']).to_owned()
    }

    /// A document reduced to the places of its values.
    enum Located {
        Object(Vec<(String, Spanned<Located>)>),
        List(Vec<Spanned<Located>>),
        Other,
    }

    impl<'de> Deserialize<'de> for Located {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Places)
        }
    }

    struct Places;

    macro_rules! visit_scalars {
        ($($visit:ident($scalar:ty))*) => {$(
            fn $visit<E>(self, _: $scalar) -> Result<Located, E> {
                Ok(Located::Other)
            }
        )*};
    }

    impl<'de> Visitor<'de> for Places {
        type Value = Located;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("YAML")
        }

        visit_scalars! { visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str) }

        fn visit_unit<E>(self) -> Result<Located, E> {
            Ok(Located::Other)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Located, A::Error> {
            let mut places = Vec::new();
            while let Some(item) = items.next_element()? {
                places.push(item);
            }
            Ok(Located::List(places))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Located, A::Error> {
            let mut places = Vec::new();
            while let Some(member) = members.next_entry()? {
                places.push(member);
            }
            Ok(Located::Object(places))
        }
    }
}

#[cfg(feature = "yaml")]
pub(super) use yaml::{YamlPlaces, of_yaml_error, yaml_message};
