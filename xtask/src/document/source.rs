//! The text of a document, and the bytes that a JSON pointer refers to.

use super::pointer::{swagger2_pointer, unescape};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;

pub struct SourceText {
    pub name: String,
    pub text: String,
    /// True for Swagger 2.0, where components have other pointers.
    is_swagger2: bool,
    /// The places of components that the document does not have as such.
    places: BTreeMap<String, String>,
}

impl SourceText {
    pub fn new(name: &str, text: String, is_swagger2: bool) -> Self {
        Self { name: name.to_owned(), text, is_swagger2, places: BTreeMap::new() }
    }

    /// Adds the places of components that were written in place of references to them.
    pub fn add_places(&mut self, places: BTreeMap<String, String>) {
        self.places.extend(places);
    }

    pub fn is_swagger2(&self) -> bool {
        self.is_swagger2
    }

    /// Returns the bytes of a pointer's value, or of its nearest existing parent for values that corrections add.
    pub fn locate(&self, pointer: &str) -> Range<usize> {
        let inlined = self.place_of(pointer);
        let pointer = inlined.as_deref().unwrap_or(pointer);
        let moved = self.is_swagger2.then(|| swagger2_pointer(pointer));
        let pointer = moved.as_deref().unwrap_or(pointer);
        let segments: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
        let found = match is_json(&self.text) {
            true => in_json(&self.text, &segments),
            false => in_yaml(&self.text, &segments),
        };
        found.unwrap_or(0..0)
    }

    /// The pointer of a place inside a component that was added. Components may be inside of each other.
    fn place_of(&self, pointer: &str) -> Option<String> {
        let mut pointer = pointer.to_owned();
        let mut is_inlined = false;
        for _ in 0..=self.places.len() {
            let component: String = pointer.split_inclusive('/').take(4).collect();
            let component = component.trim_end_matches('/');
            let Some(place) = self.places.get(component) else { break };
            pointer = format!("{place}{}", &pointer[component.len()..]);
            is_inlined = true;
        }
        is_inlined.then_some(pointer)
    }

    /// Returns line and column of a byte, starting with 1.
    pub fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// Returns true if the text is JSON rather than YAML.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Each step parses one level. `RawValue` borrows the text of the value, so that its address gives the offset.
fn in_json(text: &str, segments: &[String]) -> Option<Range<usize>> {
    let mut here: &RawValue = serde_json::from_str(text).ok()?;
    for segment in segments {
        let below = match here.get().starts_with('[') {
            true => {
                let items: Vec<&RawValue> = serde_json::from_str(here.get()).ok()?;
                segment.parse().ok().and_then(|at: usize| items.get(at).copied())
            }
            false => serde_json::from_str::<HashMap<String, &RawValue>>(here.get())
                .ok()
                .and_then(|members| members.get(segment).copied()),
        };
        let Some(below) = below else { break };
        here = below;
    }
    let start = here.get().as_ptr() as usize - text.as_ptr() as usize;
    Some(start..start + here.get().len())
}

fn in_yaml(text: &str, segments: &[String]) -> Option<Range<usize>> {
    let root: Spanned<Located> = serde_saphyr::from_str(text).ok()?;
    let mut here = &root;
    for segment in segments {
        let below = match &here.value {
            Located::Object(members) => members.iter().find(|(key, _)| key == segment).map(|(_, value)| value),
            Located::Array(items) => segment.parse().ok().and_then(|at: usize| items.get(at)),
            Located::Other => None,
        };
        let Some(below) = below else { break };
        here = below;
    }
    let (line, column) = (here.referenced.line(), here.referenced.column());
    let line_start: usize =
        text.split_inclusive('\n').take(usize::try_from(line).ok()?.checked_sub(1)?).map(str::len).sum();
    let line = text[line_start..].lines().next()?;
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    Some(line_start + start..line_start + line.trim_end().len().max(start))
}

/// A YAML document reduced to the places of its values.
enum Located {
    Object(Vec<(String, Spanned<Located>)>),
    Array(Vec<Spanned<Located>>),
    Other,
}

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Places;

        impl<'de> Visitor<'de> for Places {
            type Value = Located;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("YAML")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Located, E> {
                Ok(Located::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Located, E> {
                Ok(Located::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Located, E> {
                Ok(Located::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Located, E> {
                Ok(Located::Other)
            }

            fn visit_str<E>(self, _: &str) -> Result<Located, E> {
                Ok(Located::Other)
            }

            fn visit_unit<E>(self) -> Result<Located, E> {
                Ok(Located::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Located, A::Error> {
                let mut places = Vec::new();
                while let Some(item) = items.next_element()? {
                    places.push(item);
                }
                Ok(Located::Array(places))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Located, A::Error> {
                let mut places = Vec::new();
                while let Some(member) = members.next_entry()? {
                    places.push(member);
                }
                Ok(Located::Object(places))
            }
        }

        deserializer.deserialize_any(Places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same document in three formats. Every value is found in each of them.
    #[test]
    fn locates_values_in_every_format() {
        let json = "{\n  \"paths\": {\n    \"/a/{b}\": {\"get\": [1, {\"x\": \"ü\", \"y\": 2}]}\n  }\n}\n";
        let yaml = "# Comment\npaths:\n  /a/{b}:\n    get:\n      - 1\n      - x: ü\n        y: 2\n";
        let minified = "{\"paths\":{\"/a/{b}\":{\"get\":[1,{\"x\":\"ü\",\"y\":2}]}}}";
        let table = [
            ("/paths/~1a~1{b}/get/1/y", (3, 43), (7, 12)),
            ("/paths/~1a~1{b}/get/0", (3, 24), (5, 9)),
            // A value that a correction added is located at its parent.
            ("/paths/~1a~1{b}/get/1/z/deeper", (3, 27), (6, 9)),
            ("/components", (1, 1), (2, 1)),
            ("", (1, 1), (2, 1)),
        ];
        for (pointer, in_json, in_yaml) in table {
            for (text, wanted) in [(json, in_json), (yaml, in_yaml)] {
                let source = SourceText::new("a", text.to_owned(), false);
                assert_eq!(source.line_and_column(source.locate(pointer).start), wanted, "{pointer} in {text}");
            }
            let source = SourceText::new("a", minified.to_owned(), false);
            let (pretty, one_line) = (SourceText::new("a", json.to_owned(), false), source.locate(pointer));
            let plain = |text: &str| text.replace([' ', '\n'], "");
            assert_eq!(plain(&pretty.text[pretty.locate(pointer)]), plain(&source.text[one_line]), "{pointer}");
        }
    }
}
