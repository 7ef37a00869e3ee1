//! The hand-written part of the bridge, which passes arguments and responses as JSON.

use partner_ingestion_sdk::{Error, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
}

impl<T: Serialize> Instance for T {
    fn json(&self) -> String {
        serde_json::to_string(self).unwrap()
    }
}

erased_serde::serialize_trait_object!(Instance);

/// Decodes a type from any format. One function for all formats compiles each type once instead of once per format.
pub type Read = fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<Box<dyn Instance>, erased_serde::Error>;

pub fn read<T: DeserializeOwned + Serialize + 'static>(
    deserializer: &mut dyn erased_serde::Deserializer<'_>,
) -> Result<Box<dyn Instance>, erased_serde::Error> {
    Ok(Box::new(erased_serde::deserialize::<T>(deserializer)?))
}

/// The arguments of an operation by their Rust names, including `body` and `if_match`.
pub struct Args(pub Value);

impl Args {
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("the argument {name} is missing"))
    }

    pub fn bool(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or_else(|| panic!("the argument {name} is missing"))
    }

    pub fn integer(&self, name: &str) -> i64 {
        self.0[name].as_i64().unwrap_or_else(|| panic!("the argument {name} is missing"))
    }

    pub fn body<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.0["body"].to_string()).unwrap()
    }

    pub fn if_match(&self) -> Option<&str> {
        self.0.get("if_match")?.as_str()
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
