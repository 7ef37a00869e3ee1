//! What is wrong at a place of a manifest.

use super::json::{Fields, Json};
use std::fmt;

/// A JSON pointer (RFC 6901).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pointer(String);

impl Pointer {
    pub(crate) fn join(&self, segment: impl fmt::Display) -> Self {
        let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{segment}", self.0))
    }

    /// The pointer with this text.
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = String> {
        self.0.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~"))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

/// A fault in a manifest, with its place. `Display` has both.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: Pointer,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(at: &Pointer, message: impl Into<String>) -> Self {
        Self { at: at.clone(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// The keys of an object that are read one after another. What is left is unknown, or a part.
pub(crate) struct Keys {
    pub(crate) at: Pointer,
    fields: Fields,
    known: Vec<&'static str>,
}

impl Keys {
    pub(crate) fn of(json: Json, at: Pointer) -> Result<Self, Fault> {
        match json {
            Json::Object(fields) => Ok(Self { at, fields, known: Vec::new() }),
            other => Err(Fault::new(&at, format!("is {}, expected an object", other.kind()))),
        }
    }

    /// Decodes the value of a key, if it is there.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        decode: impl FnOnce(Json, Pointer) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        self.known.push(key);
        self.fields.remove(key).map(|value| decode(value, self.at.join(key))).transpose()
    }

    /// Decodes the value of a key that must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        decode: impl FnOnce(Json, Pointer) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.optional(key, decode)?.ok_or_else(|| Fault::new(&self.at, format!("`{key}` is missing")))
    }

    /// Returns the keys that were not read.
    pub(crate) fn rest(self) -> Json {
        Json::Object(self.fields)
    }

    /// Checks that every key was read.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        let Some(key) = self.fields.keys().next() else { return Ok(()) };
        let at = self.at.join(key);
        Err(Fault::new(
            &at,
            match closest(key, &self.known) {
                Some(known) => format!("`{key}` is unknown, did you mean `{known}`?"),
                None => format!("`{key}` is unknown, expected one of {}", self.known.join(", ")),
            },
        ))
    }
}

/// Returns the known name that differs least from a name, if it differs little.
pub(crate) fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |other: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let best = known.iter().copied().min_by_key(|other| distance(other))?;
    (distance(best) <= best.len() / 3).then_some(best)
}

/// Decodes a text.
pub(crate) fn text(json: Json, at: Pointer) -> Result<String, Fault> {
    match json {
        Json::Text(text) => Ok(text),
        other => Err(Fault::new(&at, format!("is {}, expected a text", other.kind()))),
    }
}

/// Decodes a text that is not empty.
pub(crate) fn name(json: Json, at: Pointer) -> Result<String, Fault> {
    let name = text(json, at.clone())?;
    if name.trim().is_empty() { Err(Fault::new(&at, "is empty")) } else { Ok(name) }
}

/// Decodes the path of a file: relative, inside the folder of the manifest, the same on every system.
pub(crate) fn path(json: Json, at: Pointer) -> Result<String, Fault> {
    let path = name(json, at.clone())?;
    let stays = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !stays || path.contains(['\\', ':', '\0']) {
        let message = format!("is {path:?}, expected a path relative to the manifest such as \"files/logo.png\"");
        return Err(Fault::new(&at, message));
    }
    Ok(path)
}

/// Decodes the items of a list.
pub(crate) fn list<T>(
    mut item: impl FnMut(Json, Pointer) -> Result<T, Fault>,
) -> impl FnOnce(Json, Pointer) -> Result<Vec<T>, Fault> {
    move |json, at| match json {
        Json::List(items) => items.into_iter().enumerate().map(|(number, json)| item(json, at.join(number))).collect(),
        other => Err(Fault::new(&at, format!("is {}, expected a list", other.kind()))),
    }
}

/// Decodes the values of an object whose keys are names.
pub(crate) fn map<T>(
    mut item: impl FnMut(Json, Pointer) -> Result<T, Fault>,
) -> impl FnOnce(Json, Pointer) -> Result<std::collections::BTreeMap<String, T>, Fault> {
    move |json, at| match json {
        Json::Object(fields) => {
            let decode = |(key, json): (String, Json)| {
                let at = at.join(&key);
                if key.is_empty() {
                    return Err(Fault::new(&at, "the key is empty"));
                }
                Ok((key, item(json, at)?))
            };
            fields.into_iter().map(decode).collect()
        }
        other => Err(Fault::new(&at, format!("is {}, expected an object", other.kind()))),
    }
}
