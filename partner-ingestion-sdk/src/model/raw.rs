//! A value before its type is known: its text in JSON, which loses nothing, and a tree in every other format.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Returns true if the serializer with this error type is one of serde_json's.
///
/// serde_json copies the text of a `RawValue`, which it recognizes by a private name; other serializers write a map with that name.
/// A serializer cannot be tried first, because it is consumed, and `Serializer` has no method that identifies the format. The error
/// type identifies it: serde_json has the same one for text and for `Value`, and wrappers of a serializer keep it.
pub(crate) fn is_serde_json<E>() -> bool {
    typeid::of::<E>() == TypeId::of::<serde_json::Error>()
}

/// The text of a value that serde_json reads, or what another deserializer reads as a `T`.
///
/// The text is borrowed where the input allows it, which `Box<RawValue>` never is: with it, a union whose tag comes last took 3.0
/// times as long as its member instead of 2.0 times at most.
pub(crate) enum Raw<'de, T> {
    Json(Cow<'de, str>),
    Other(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Raw<'de, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(request(), RawVisitor(PhantomData))
    }
}

struct RawVisitor<T>(PhantomData<T>);

/// Deserializers that ignore newtypes call these methods directly, for example serde's deserializers of single values.
macro_rules! visit_scalars {
    ($($visit:ident($scalar:ty))*) => {$(
        fn $visit<E: de::Error>(self, value: $scalar) -> Result<Self::Value, E> {
            T::deserialize(value.into_deserializer()).map(Raw::Other)
        }
    )*};
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for RawVisitor<T> {
    type Value = Raw<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a deserializer that supports newtypes")
    }

    /// serde_json returns a map with one text under the requested name.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match map.next_key()? {
            Some(Text(key)) if key == request() => map.next_value().map(|Text(text)| Raw::Json(text)),
            _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        }
    }

    /// Other deserializers do not recognize the name.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        T::deserialize(inner).map(Raw::Other)
    }

    visit_scalars! { visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str) visit_string(String) }
}

/// The name that requests the text of a value from serde_json. It is read from `RawValue`, because it is private and may change.
fn request() -> &'static str {
    match <&RawValue>::deserialize(Probe) {
        Err(Name(name)) => name,
        Ok(_) => "",
    }
}

struct Probe;

#[derive(Debug)]
struct Name(&'static str);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Name {}

impl de::Error for Name {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self("")
    }
}

impl<'de> Deserializer<'de> for Probe {
    type Error = Name;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Name> {
        Err(Name(""))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, _: V) -> Result<V::Value, Name> {
        Err(Name(name))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct
        map struct enum identifier ignored_any
    }
}

/// A text, borrowed where the input allows it.
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// The JSON type of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonType {
    Flag,
    List,
    Null,
    Number,
    Object,
    Text,
}

impl<'de> Raw<'de, Value> {
    pub(crate) fn json_type(&self) -> JsonType {
        match self {
            Self::Json(text) => match text.as_bytes().first() {
                Some(b'[') => JsonType::List,
                Some(b'{') => JsonType::Object,
                Some(b'"') => JsonType::Text,
                Some(b't' | b'f') => JsonType::Flag,
                Some(b'n') | None => JsonType::Null,
                Some(_) => JsonType::Number,
            },
            Self::Other(value) => match value {
                Value::Array(_) => JsonType::List,
                Value::Object(_) => JsonType::Object,
                Value::String(_) => JsonType::Text,
                Value::Bool(_) => JsonType::Flag,
                Value::Null => JsonType::Null,
                Value::Number(_) => JsonType::Number,
            },
        }
    }

    /// Decodes the value; an error names the place inside.
    pub(crate) fn decode<V: DeserializeSeed<'de>, E: de::Error>(self, seed: V) -> Result<V::Value, E> {
        // Only objects and lists have places inside that an error could name.
        let track = matches!(self.json_type(), JsonType::Object | JsonType::List);
        match self {
            Self::Json(Cow::Borrowed(text)) => decode(&mut serde_json::Deserializer::from_str(text), seed, track),
            // A reader lends nothing, so what is made of the text may outlive it.
            Self::Json(Cow::Owned(text)) => {
                decode(&mut serde_json::Deserializer::from_reader(text.as_bytes()), seed, track)
            }
            Self::Other(value) => decode(Tree(value), seed, track),
        }
    }
}

fn decode<'de, D, V, E>(deserializer: D, seed: V, track: bool) -> Result<V::Value, E>
where
    D: Deserializer<'de>,
    V: DeserializeSeed<'de>,
    E: de::Error,
{
    if !track {
        return seed.deserialize(deserializer).map_err(E::custom);
    }
    let mut track = serde_path_to_error::Track::new();
    let value = seed.deserialize(serde_path_to_error::Deserializer::new(deserializer, &mut track));
    value.map_err(|error| {
        let path = track.path();
        match path.iter().next() {
            Some(_) => E::custom(format_args!("{path}: {error}")),
            None => E::custom(error),
        }
    })
}

/// A value of another format than JSON. The deserializer of `Value` would treat it as JSON, where a decimal in quotes is an error.
struct Tree(Value);

impl<'de> Deserializer<'de> for Tree {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, serde_json::Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Tree))),
            Value::Object(fields) => {
                visitor.visit_map(MapDeserializer::new(fields.into_iter().map(|(key, value)| (key, Tree(value)))))
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, serde_json::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V>(self, _: &'static str, visitor: V) -> Result<V::Value, serde_json::Error>
    where
        V: Visitor<'de>,
    {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, serde_json::Error> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_json_is_distinguished_from_other_formats() {
        assert!(is_serde_json::<serde_json::Error>());
        assert!(!is_serde_json::<serde::de::value::Error>() && !is_serde_json::<&str>());
        let number = "1.50";
        assert!(matches!(serde_json::from_str::<Raw<'_, Value>>(number), Ok(Raw::Json(Cow::Borrowed("1.50")))));
        let mut reader = serde_json::Deserializer::from_reader(number.as_bytes());
        assert!(matches!(Raw::<Value>::deserialize(&mut reader), Ok(Raw::Json(Cow::Owned(_)))));
        assert!(matches!(Raw::<Value>::deserialize(Value::from(1.5)), Ok(Raw::Json(_))));
        let other: Result<Raw<'_, Value>, serde::de::value::Error> = Raw::deserialize(1.5.into_deserializer());
        assert!(matches!(other, Ok(Raw::Other(value)) if value == 1.5));
        // Neither an empty map nor one with other keys is taken for a text.
        for fields in [vec![], vec![("a", "1")]] {
            let map = MapDeserializer::<_, serde::de::value::Error>::new(fields.into_iter());
            assert!(Raw::<Value>::deserialize(map).is_err());
        }
    }

    #[test]
    fn values_of_other_formats_are_not_json() {
        let tree = || Tree(serde_json::json!({"list": [null, 1, "a"]}));
        assert_eq!(Value::deserialize(tree()).unwrap(), tree().0);
        assert!(matches!(Raw::<Value>::deserialize(tree()), Ok(Raw::Other(value)) if value == tree().0));
        assert_eq!(Option::<bool>::deserialize(Tree(Value::Null)).unwrap(), None);
    }
}
