//! Secrets of a manifest: references to an environment variable or a file, resolved when the manifest is applied.

use super::fault::{Fault, Pointer};
use super::json::{Fields, Json};
use crate::error::{Error, ErrorKind};
use crate::generated::manifest::SECRETS;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where secrets are read from.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// Values that are taken instead of environment variables.
    pub(crate) values: BTreeMap<String, String>,
    /// The folder that relative paths refer to.
    pub(crate) folder: PathBuf,
}

impl Secrets {
    /// Replaces every reference by the secret.
    pub(crate) fn resolve(&self, json: &mut Json) -> Result<(), Error> {
        self.replace(json).map_err(|unreadable| {
            let fault = Fault::new(&unreadable.at, &*unreadable.message);
            unreadable.explain(Error::new(ErrorKind::Manifest, fault.to_string()))
        })
    }

    /// Replaces every reference by the secret. Returns the first one that cannot be read.
    pub(crate) fn replace(&self, json: &mut Json) -> Result<(), Unreadable> {
        each_secret(json, &Pointer::default(), &mut |at, name, value| {
            let Some(reference) = Reference::of(value) else { return Ok(()) };
            let secret = self.read(&reference).map_err(|(place, source)| {
                let message = format!("secret `{name}` cannot be read from {place}: {source}");
                Unreadable { at: at.clone(), message, source }
            })?;
            *value = Json::Text(secret);
            Ok(())
        })
    }

    fn read(&self, reference: &Reference<'_>) -> Result<String, (String, Source)> {
        match reference {
            Reference::Env(variable) => match self.values.get(*variable) {
                Some(secret) => Ok(secret.clone()),
                None => std::env::var(variable).map_err(|error| (format!("the variable {variable}"), error.into())),
            },
            Reference::File(path) => {
                let path = self.folder.join(path);
                let read =
                    std::fs::read_to_string(&path).map_err(|error| (path.display().to_string(), error.into()))?;
                // An editor ends the last line.
                Ok(read.trim_end_matches(['\r', '\n']).to_owned())
            }
        }
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A secret that cannot be read.
pub(crate) struct Unreadable {
    pub(crate) at: Pointer,
    pub(crate) message: String,
    source: Source,
}

impl Unreadable {
    /// Adds hint and source to the error about it.
    pub(crate) fn explain(self, error: Error) -> Error {
        let hint = "Set the variable or create the file that the reference names. Nothing was sent.";
        error.with_hint(hint).with_source(self.source)
    }
}

enum Reference<'a> {
    Env(&'a str),
    File(&'a str),
}

impl<'a> Reference<'a> {
    fn of(json: &'a Json) -> Option<Self> {
        let fields = json.as_object().filter(|fields| fields.len() == 1)?;
        let (key, value) = fields.iter().next()?;
        let text = value.as_text().filter(|text| !text.is_empty() && !text.contains('\0'))?;
        match key.as_str() {
            "env" if !text.contains('=') => Some(Self::Env(text)),
            "file" => Some(Self::File(text)),
            _ => None,
        }
    }
}

/// Returns true if a property is secret.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// Calls a function for the value of every secret property, and for every item of one that is a list.
fn each_secret<E>(
    json: &mut Json,
    at: &Pointer,
    each: &mut impl FnMut(&Pointer, &str, &mut Json) -> Result<(), E>,
) -> Result<(), E> {
    match json {
        Json::Object(fields) => fields.iter_mut().try_for_each(|(name, value)| {
            let at = at.join(name);
            match value {
                Json::List(items) if is_secret(name) => {
                    let mut items = items.iter_mut().enumerate();
                    items.try_for_each(|(number, item)| each(&at.join(number), &format!("{name}{}", number + 1), item))
                }
                value if is_secret(name) => each(&at, name, value),
                value => each_secret(value, &at, each),
            }
        }),
        Json::List(items) => {
            let mut items = items.iter_mut().enumerate();
            items.try_for_each(|(number, item)| each_secret(item, &at.join(number), each))
        }
        _ => Ok(()),
    }
}

/// Replaces the secrets of the service by references to environment variables.
pub(crate) fn replace(fields: &mut Fields) {
    let mut json = Json::Object(std::mem::take(fields));
    let replaced: Result<(), std::convert::Infallible> =
        each_secret(&mut json, &Pointer::default(), &mut |_, name, value| {
            let variable = variable(name);
            *value = Json::Object([("env".to_owned(), Json::Text(variable))].into());
            Ok(())
        });
    if let (Ok(()), Json::Object(replaced)) = (replaced, json) {
        *fields = replaced;
    }
}

/// `connectionString` is read from `CONNECTION_STRING`, the first of `hideKeys` from `HIDE_KEYS_1`.
fn variable(name: &str) -> String {
    let mut variable = String::new();
    for c in name.chars() {
        let starts_word =
            c.is_ascii_uppercase() || c.is_ascii_digit() && !variable.ends_with(|c: char| c.is_ascii_digit());
        if starts_word && !variable.is_empty() {
            variable.push('_');
        }
        variable.push(c.to_ascii_uppercase());
    }
    variable
}

/// Replaces every reference by an empty text, so that the type of the part can be checked.
pub(crate) fn blank(json: &mut Json) {
    let _: Result<(), std::convert::Infallible> = each_secret(json, &Pointer::default(), &mut |_, _, value| {
        *value = Json::Text(String::new());
        Ok(())
    });
}

/// Checks that every secret is a reference.
pub(crate) fn check(fields: &Fields, at: &Pointer) -> Result<(), Fault> {
    let place = |value: &Json, at: &Pointer| match Reference::of(value) {
        Some(_) => Ok(()),
        None if value.as_object().is_some_and(|both| both.contains_key("env") && both.contains_key("file")) => {
            Err(Fault::new(at, "has both `env` and `file`, write {env: NAME} or {file: PATH}"))
        }
        None => {
            let message = "is a secret, which a manifest does not contain: write {env: NAME} or {file: PATH}";
            Err(Fault::new(at, message))
        }
    };
    for (name, value) in fields {
        let at = at.join(name);
        match value {
            Json::List(items) if is_secret(name) => {
                items.iter().enumerate().try_for_each(|(number, item)| place(item, &at.join(number)))?;
            }
            value if is_secret(name) => place(value, &at)?,
            Json::Object(fields) => check(fields, &at)?,
            Json::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    if let Json::Object(fields) = item {
                        check(fields, &at.join(number))?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secrets_of_a_list_are_references() {
        let text = r#"{"resourceType":"AzureProperty","hideKeys":["one","two"],"useEnterpriseContract":true}"#;
        let property: crate::types::AzureProperty = serde_json::from_str(text).unwrap();
        let part = super::super::Part::new(&property).unwrap();
        let written = serde_json::to_string(&part).unwrap();
        assert_eq!(
            written,
            r#"{"hideKeys":[{"env":"HIDE_KEYS_1"},{"env":"HIDE_KEYS_2"}],"useEnterpriseContract":true}"#
        );
        let read: super::super::Part<crate::types::AzureProperty> = serde_json::from_str(&written).unwrap();
        let values = [("HIDE_KEYS_1", "one"), ("HIDE_KEYS_2", "two")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let resolved = read.resolve(&Secrets { values, ..Secrets::default() }).unwrap();
        assert_eq!(resolved, property);
    }

    #[test]
    fn a_variable_is_named_after_the_property() {
        assert_eq!(variable("azureActiveDirectoryApplicationKey"), "AZURE_ACTIVE_DIRECTORY_APPLICATION_KEY");
        assert_eq!(variable("hideKeys12"), "HIDE_KEYS_12");
    }
}
