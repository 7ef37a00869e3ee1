//! Decoding of a tagged object: members before the tag are buffered and replayed.

use crate::model::raw::{Raw, Text};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess};
use serde_json::Value;
use std::borrow::Cow;
use std::marker::PhantomData;

/// Reads the members of an object up to its tag, and replays them before the remaining members.
///
/// The service sends the tag first, so that usually nothing is buffered. In JSON, members before the tag are kept as text, because a
/// `Value` would change numbers. `field` is the name of the current field, for error messages.
pub(crate) struct TaggedMapAccess<'de, A> {
    name: &'static str,
    before: std::vec::IntoIter<(Cow<'de, str>, Raw<'de, Value>)>,
    tag: Option<(&'static str, Cow<'de, str>)>,
    pending: Option<Pending<'de>>,
    field: Cow<'de, str>,
    rest: A,
}

enum Pending<'de> {
    Raw(Raw<'de, Value>),
    Tag(Cow<'de, str>),
}

impl<'de, A: MapAccess<'de>> TaggedMapAccess<'de, A> {
    /// Reads members up to the tag. Returns `None` as the tag if the object has none.
    pub(crate) fn read(name: &'static str, mut rest: A) -> Result<(Option<Cow<'de, str>>, Self), A::Error> {
        let mut before = Vec::new();
        let mut found = None;
        while let Some(Text(key)) = rest.next_key()? {
            if key == name {
                let tag = rest.next_value::<Option<Text<'de>>>();
                let tag = tag.map_err(|error| de::Error::custom(format_args!("{name}: {error}")))?;
                found = tag.map(|Text(tag)| tag);
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
        } else if let Some(Text(key)) = self.rest.next_key()? {
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
            Some(Pending::Tag(tag)) => seed.deserialize(Tag { text: tag, error: PhantomData }),
            None => self.rest.next_value_seed(seed),
        };
        value.map_err(|error| de::Error::custom(format_args!("{}: {error}", self.field)))
    }
}

/// A string deserializer that also supports `Option`, unlike those of serde.
struct Tag<'de, E> {
    text: Cow<'de, str>,
    error: PhantomData<E>,
}

impl<'de, E: de::Error> serde::Deserializer<'de> for Tag<'de, E> {
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
