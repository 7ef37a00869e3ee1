//! Decoding of a tagged object: members before the tag are buffered and replayed.

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Reads the members of an object up to its tag, and replays them before the remaining members.
///
/// The service sends the tag first, so that usually nothing is buffered. Members before the tag are kept as text, because a `Value`
/// would change numbers. `field` is the name of the current field, for error messages.
pub(crate) struct TaggedMapAccess<'de, A> {
    name: &'static str,
    before: std::vec::IntoIter<(Cow<'de, str>, Raw<'de>)>,
    tag: Option<(&'static str, Cow<'de, str>)>,
    pending: Option<Pending<'de>>,
    field: Cow<'de, str>,
    rest: A,
}

enum Pending<'de> {
    Raw(Raw<'de>),
    Tag(Cow<'de, str>),
}

impl<'de, A: MapAccess<'de>> TaggedMapAccess<'de, A> {
    /// Reads members up to the tag. Returns `None` as the tag if the object has none.
    pub(crate) fn read(name: &'static str, mut rest: A) -> Result<(Option<Cow<'de, str>>, Self), A::Error> {
        let mut before = Vec::new();
        let mut found = None;
        while let Some(Key(key)) = rest.next_key()? {
            if key == name {
                let tag = rest.next_value::<Option<Key<'de>>>();
                let tag = tag.map_err(|error| de::Error::custom(format_args!("{name}: {error}")))?;
                found = tag.map(|Key(tag)| tag);
                break;
            }
            before.push((key, rest.next_value()?));
        }
        let tag = found.clone().map(|tag| (name, tag));
        let field = Cow::Borrowed("");
        Ok((found, Self { name, before: before.into_iter(), tag, pending: None, field, rest }))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for TaggedMapAccess<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        if let Some((key, value)) = self.before.next() {
            self.pending = Some(Pending::Raw(value));
            self.field = key;
        } else if let Some((name, tag)) = self.tag.take() {
            self.pending = Some(Pending::Tag(tag));
            self.field = Cow::Borrowed(name);
        } else if let Some(Key(key)) = self.rest.next_key()? {
            // A second tag is an error, because the member would be ambiguous (found by fuzzing).
            if key == self.name {
                return Err(de::Error::duplicate_field(self.name));
            }
            self.field = key;
        } else {
            return Ok(None);
        }
        match &self.field {
            Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some),
            Cow::Owned(key) => seed.deserialize(key.as_str().into_deserializer()).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let value = match self.pending.take() {
            Some(Pending::Raw(value)) => value.decode(seed),
            Some(Pending::Tag(tag)) => seed.deserialize(Text { text: tag, error: PhantomData }),
            None => self.rest.next_value_seed(seed),
        };
        value.map_err(|error| de::Error::custom(format_args!("{}: {error}", self.field)))
    }
}

/// A string deserializer that also supports `Option`, unlike those of serde.
struct Text<'de, E> {
    text: Cow<'de, str>,
    error: PhantomData<E>,
}

impl<'de, E: de::Error> serde::Deserializer<'de> for Text<'de, E> {
    type Error = E;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.text {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct enum identifier ignored_any
    }
}

impl<'de> Raw<'de> {
    fn decode<V: DeserializeSeed<'de>, E: de::Error>(self, seed: V) -> Result<V::Value, E> {
        match self.0 {
            Cow::Borrowed(text) => decode(text, &mut serde_json::Deserializer::from_str(text), seed),
            // Data from a reader is not borrowed, so that the result can outlive `text`.
            Cow::Owned(text) => decode(&text, &mut serde_json::Deserializer::from_reader(text.as_bytes()), seed),
        }
    }
}

fn decode<'de, R, V, E>(text: &str, deserializer: &mut serde_json::Deserializer<R>, seed: V) -> Result<V::Value, E>
where
    R: serde_json::de::Read<'de>,
    V: DeserializeSeed<'de>,
    E: de::Error,
{
    // Only objects and lists have inner paths.
    if !text.starts_with(['{', '[']) {
        return seed.deserialize(deserializer).map_err(E::custom);
    }
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    let value = seed.deserialize(tracked);
    value.map_err(|error| E::custom(format_args!("{}: {error}", track.path())))
}

/// The text of a JSON value, borrowed if possible. `Box<RawValue>` is never borrowed: with it, decoding a union whose tag comes last
/// took 3.0 times as long as decoding the member; with this type at most 2.0 times.
struct Raw<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The struct name with which serde_json returns the text of a value. Unchanged since version 1.0.29 (2018). Other
        /// deserializers, or a serde_json with another name, use `Box<RawValue>` below.
        const REQUEST: &str = "$serde_json::private::RawValue";

        struct Text;

        impl<'de> de::Visitor<'de> for Text {
            type Value = Raw<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any valid JSON value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw<'de>, A::Error> {
                map.next_key::<de::IgnoredAny>()?;
                map.next_value().map(|Key(text)| Raw(text))
            }

            fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, inner: D) -> Result<Raw<'de>, D::Error> {
                <Box<RawValue>>::deserialize(inner).map(|raw| Raw(Cow::Owned(raw.get().to_owned())))
            }
        }

        deserializer.deserialize_newtype_struct(REQUEST, Text)
    }
}

/// The name of a field, borrowed if possible.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> de::Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}
