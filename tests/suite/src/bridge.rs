//! The hand-written part of the bridge, which passes arguments and responses as JSON.

use partner_ingestion_sdk::{Error, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;
use std::sync::Mutex;

/// Decodes a JSON text into a type and encodes it again.
pub type RoundTrip = fn(&str) -> Result<Value, String>;

pub fn round_trip<T: DeserializeOwned + Serialize>(text: &str) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let decoded: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    serde_json::to_value(&decoded).map_err(|error| error.to_string())
}

/// A value of any type: to be written in any format, and as the JSON text that the client sends.
pub trait Instance: erased_serde::Serialize {
    fn json(&self) -> String;

    /// Returns both forms of `Debug`.
    fn printed(&self) -> String;
}

impl<T: Serialize + Debug> Instance for T {
    fn json(&self) -> String {
        serde_json::to_string(self).unwrap()
    }

    fn printed(&self) -> String {
        format!("{self:?} {self:#?}")
    }
}

erased_serde::serialize_trait_object!(Instance);

/// Decodes a type from any format. One function for all formats compiles each type once instead of once per format.
pub type Read = fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<Box<dyn Instance>, erased_serde::Error>;

pub fn read<T: DeserializeOwned + Serialize + Debug + 'static>(
    deserializer: &mut dyn erased_serde::Deserializer<'_>,
) -> Result<Box<dyn Instance>, erased_serde::Error> {
    Ok(Box::new(erased_serde::deserialize::<T>(deserializer)?))
}

/// The arguments of an operation by their Rust names, including `body` and `if_match`.
#[derive(Default)]
pub struct Args {
    named: Value,
    /// The value of all arguments without a name.
    other: Option<String>,
    printed: Mutex<String>,
}

impl Args {
    pub fn new(named: Value) -> Self {
        Self { named, ..Self::default() }
    }

    /// Every argument of the operation is this text, and the body is empty. Numbers are the largest.
    pub fn all(text: &str) -> Self {
        Self { other: Some(text.to_owned()), ..Self::new(serde_json::json!({"body": {}})) }
    }

    #[must_use]
    pub fn with_body(mut self, body: Value) -> Self {
        self.named["body"] = body;
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.named.get(name).is_some() || self.other.is_some()
    }

    pub fn text(&self, name: &str) -> &str {
        let text = self.named[name].as_str().or(self.other.as_deref());
        text.unwrap_or_else(|| panic!("the argument {name} is missing"))
    }

    pub fn bool(&self, name: &str) -> bool {
        let value = self.named[name].as_bool().or(self.other.as_ref().map(|_| true));
        value.unwrap_or_else(|| panic!("the argument {name} is missing"))
    }

    pub fn integer(&self, name: &str) -> i64 {
        let value = self.named[name].as_i64().or(self.other.as_ref().map(|_| i64::MAX));
        value.unwrap_or_else(|| panic!("the argument {name} is missing"))
    }

    pub fn body<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.named["body"].to_string()).unwrap()
    }

    pub fn if_match(&self) -> Option<&str> {
        self.named.get("if_match").and_then(Value::as_str).or(self.other.as_deref())
    }

    /// Keeps both forms of `Debug` of a call with these arguments.
    pub fn print(&self, call: &impl Debug) {
        *self.printed.lock().unwrap() += &format!("{call:?} {call:#?}");
    }

    /// Returns what was printed.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }
}

/// A response, with its decoded body encoded again.
pub struct EncodedResponse {
    pub status: u16,
    pub request_id: Option<String>,
    pub body: Value,
}

pub fn encode_response<T: Serialize>(result: Result<Response<T>, Error>) -> Result<EncodedResponse, Error> {
    let response = result?;
    Ok(EncodedResponse {
        status: response.status().as_u16(),
        request_id: response.request_id().map(str::to_owned),
        body: serde_json::to_value(&*response).unwrap(),
    })
}
