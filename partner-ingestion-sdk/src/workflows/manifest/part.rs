//! A part of a manifest: a resource without what a person does not write.

use super::fault::{Fault, Pointer};
use super::json::{Fields, Json};
use super::place::without_position;
use super::secrets::{self, Secrets};
use crate::error::{Error, ErrorKind};
use crate::generated::manifest::ASSIGNED;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::marker::PhantomData;

/// A resource in an [`OfferManifest`](crate::OfferManifest): the JSON object of a type, without what the service assigns: ids,
/// entity tags, upload addresses, states of files, validation results, and a resource type that is the only possible one.
///
/// A property that is absent is left alone when the manifest is applied. Unknown properties are kept. A secret is a reference:
/// `{"env": "NAME"}` or `{"file": "PATH"}`.
///
/// ```
/// use partner_ingestion_sdk::Part;
/// use partner_ingestion_sdk::types::AzureListing;
///
/// let part: Part<AzureListing> = serde_json::from_str(r#"{"title": "Contoso", "newField": 1}"#)?;
/// assert_eq!(part.to_resource()?.title.as_deref(), Some("Contoso"));
/// assert_eq!(serde_json::to_string(&part)?, r#"{"newField":1,"title":"Contoso"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Part<T> {
    fields: Fields,
    resource: PhantomData<fn() -> T>,
}

/// A type that can be a part of a manifest. This trait is sealed and cannot be implemented outside this crate.
#[allow(private_bounds, reason = "the private supertrait seals the trait")]
pub trait ManifestPart: PartOf {}

/// What a person does not write of a type.
pub(crate) trait PartOf: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name of the type.
    const TYPE: &'static str;
    /// Properties of the object itself that are not part of a manifest, beside [`ASSIGNED`].
    const OMITTED: &'static [&'static str];
    /// The resource type that a part without one has. A resource with another one keeps it.
    const DEFAULT_TYPE: Option<&'static str>;
}

macro_rules! parts {
    ($($type:ident $(= $default:literal)?, omits $omitted:expr;)*) => {$(
        impl ManifestPart for $type {}

        impl PartOf for $type {
            const TYPE: &'static str = stringify!($type);
            const OMITTED: &'static [&'static str] = &$omitted;
            const DEFAULT_TYPE: Option<&'static str> = parts!(@default $($default)?);
        }
    )*};
    (@default $default:literal) => { Some($default) };
    (@default) => { None };
}

pub(crate) use parts;

impl<T: ManifestPart> Part<T> {
    /// Creates a part from a resource. Secrets become references to environment variables: `password` of a Dynamics lead
    /// configuration is read from `PASSWORD` when the manifest is applied.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the resource cannot be serialized.
    pub fn new(resource: &T) -> Result<Self, Error> {
        let json = Json::of(resource).map_err(|error| {
            let message = format!("{} cannot be part of a manifest: {error}", T::TYPE);
            Error::new(ErrorKind::InvalidArgument, message).with_source(error)
        })?;
        let Json::Object(mut fields) = json else {
            let message = format!("{} cannot be part of a manifest: it is no object", T::TYPE);
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        };
        strip::<T>(&mut fields);
        secrets::replace(&mut fields);
        Ok(Self { fields, resource: PhantomData })
    }

    /// Returns the resource that the part describes, with the secrets of the environment.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Manifest`] if a secret is not set.
    pub fn to_resource(&self) -> Result<T, Error> {
        self.resolve(&Secrets::default())
    }

    /// Returns the resource that the part describes.
    pub(crate) fn resolve(&self, secrets: &Secrets) -> Result<T, Error> {
        let mut json = Json::Object(self.fields.clone());
        secrets.resolve(&mut json)?;
        with_type::<T>(&mut json);
        decoded(&json)
    }

    /// Returns the current resource with the properties of this part. Objects are merged, lists are replaced.
    pub(crate) fn merge_into(&self, current: &T, secrets: &Secrets) -> Result<T, Error> {
        let mut part = Json::Object(self.fields.clone());
        secrets.resolve(&mut part)?;
        let mut json = Json::of(current).map_err(|error| unreadable::<T>(&error.to_string()))?;
        // A destination of another type shares no property.
        let changes_type = match (field(&part, "resourceType"), field(&json, "resourceType")) {
            (Some(wanted), Some(current)) => !wanted.eq_ignore_ascii_case(current),
            _ => false,
        };
        if changes_type {
            json = part;
        } else {
            merge(&mut json, part);
        }
        decoded(&json)
    }

    /// The JSON object.
    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Returns true if the part sets nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Reads a part of a file.
    pub(crate) fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let fields = match json {
            Json::Object(fields) => fields,
            other => return Err(Fault::new(&at, format!("is {}, expected {}", other.kind(), article(T::TYPE)))),
        };
        refuse_assigned::<T>(&fields, &at)?;
        secrets::check(&fields, &at)?;
        let part = Self { fields, resource: PhantomData };
        let mut json = Json::Object(part.fields.clone());
        secrets::blank(&mut json);
        with_type::<T>(&mut json);
        json.decode::<T>().map_err(|error| {
            let (path, message) = (error.path().to_string(), error.inner().to_string());
            let (place, message) = innermost(&json, &path, without_position(&message));
            Fault::new(&place.iter().fold(at, |at, step| at.join(step)), message)
        })?;
        Ok(part)
    }
}

/// Returns true if there is a part that sets something.
pub(crate) fn sets_something<T: ManifestPart>(part: Option<&Part<T>>) -> bool {
    part.is_some_and(|part| !part.is_empty())
}

/// Returns the place of a decoding error and the rest of its message. The error of a union's member starts with the name of the
/// member and the path inside.
fn innermost<'a>(json: &Json, path: &str, message: &'a str) -> (Vec<String>, &'a str) {
    let steps = |path: &str| -> Vec<String> {
        path.split(['.', '[', ']']).filter(|step| !step.is_empty()).map(str::to_owned).collect()
    };
    let mut place = steps(path);
    let mut rest = message;
    while let Some((first, after)) = rest.split_once(": ") {
        let inner = [place.clone(), steps(first)].concat();
        if json.has(&inner) {
            place = inner;
        } else if first.contains(' ') || !first.starts_with(|c: char| c.is_ascii_uppercase()) {
            break;
        }
        rest = after;
    }
    (place, rest)
}

fn article(type_name: &str) -> String {
    let vowel = type_name.starts_with(['A', 'E', 'I', 'O', 'U']);
    format!("{} {type_name} object", if vowel { "an" } else { "a" })
}

fn decoded<T: PartOf>(json: &Json) -> Result<T, Error> {
    json.decode().map_err(|error| unreadable::<T>(&error.to_string()))
}

fn unreadable<T: PartOf>(message: &str) -> Error {
    let message = format!("the result is no {}: {}", T::TYPE, without_position(message));
    Error::new(ErrorKind::Manifest, message)
}

fn field<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.as_object()?.get(name)?.as_text()
}

/// Adds the resource type that follows, so that the member of a union is known.
fn with_type<T: PartOf>(json: &mut Json) {
    if let (Json::Object(fields), Some(name)) = (json, T::DEFAULT_TYPE) {
        fields.entry("resourceType".to_owned()).or_insert_with(|| Json::Text(name.to_owned()));
    }
}

/// Removes what a person does not write.
fn strip<T: PartOf>(fields: &mut Fields) {
    for name in T::OMITTED {
        fields.remove(*name);
    }
    let type_name = fields.get("resourceType").and_then(Json::as_text);
    let follows = type_name.is_some_and(|name| name.is_empty() || Some(name) == T::DEFAULT_TYPE);
    if follows {
        fields.remove("resourceType");
    }
    strip_assigned(fields);
}

fn strip_assigned(fields: &mut Fields) {
    fields.retain(|name, _| !ASSIGNED.contains(&name.as_str()));
    for value in fields.values_mut() {
        each_object(value, &mut strip_assigned);
    }
}

/// Calls a function for the outermost objects of a value.
fn each_object(value: &mut Json, each: &mut impl FnMut(&mut Fields)) {
    match value {
        Json::Object(fields) => each(fields),
        Json::List(items) => items.iter_mut().for_each(|item| each_object(item, each)),
        _ => {}
    }
}

fn refuse_assigned<T: PartOf>(fields: &Fields, at: &Pointer) -> Result<(), Fault> {
    for name in fields.keys() {
        if T::OMITTED.contains(&name.as_str()) || ASSIGNED.contains(&name.as_str()) {
            let message = format!("`{name}` is not part of a manifest, remove it: {}", reason(name));
            return Err(Fault::new(&at.join(name), message));
        }
    }
    Ok(())
}

fn reason(name: &str) -> &'static str {
    match name {
        "languageCode" | "externalID" => "it is the key of this object",
        "fileName" => "it is the name of `file`",
        "packageReferences" => "it follows from `package`",
        "thumbnail" | "assets" | "assetReferences" => "it has its own key",
        "resourceType" => "it follows from the plan",
        _ => "the service assigns it",
    }
}

fn merge(current: &mut Json, part: Json) {
    match (current, part) {
        (Json::Object(current), Json::Object(part)) => {
            for (key, value) in part {
                match current.get_mut(&key) {
                    Some(current) => merge(current, value),
                    None => {
                        current.insert(key, value);
                    }
                }
            }
        }
        (current, part) => *current = part,
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self { fields: self.fields.clone(), resource: PhantomData }
    }
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { fields: Fields::new(), resource: PhantomData }
    }
}

impl<T> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl<T> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

impl<T> Serialize for Part<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.fields)
    }
}

impl<'de, T: ManifestPart> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Json::deserialize(deserializer)?, Pointer::default()).map_err(de::Error::custom)
    }
}
