//! Generated types and operations, with a secret in every secret and in every unknown property.

use crate::secrets::{CANARY as SECRET, leak};
use futures_util::FutureExt;
use partner_auth::StaticToken;
use partner_ingestion_sdk::{Client, OPERATIONS};
use partner_tests::bridge::Args;
use partner_tests::document::{CORRECTED, resolve};
use partner_tests::generated::bridge::{READS, TYPES, call};
use partner_tests::sample::Sampler;
use partner_tests::test_env::client_builder;
use serde_json::{Value, json};

/// Adds an unknown property with the secret to every object.
fn with_unknown_properties(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(with_unknown_properties);
            object.insert("unknownProperty".to_owned(), json!({"key": [SECRET, {"inner": SECRET}]}));
        }
        Value::Array(list) => list.iter_mut().for_each(with_unknown_properties),
        _ => {}
    }
}

fn with_secrets(schema: &'static Value, seed: u64) -> Value {
    let mut body = Sampler::new(&CORRECTED, seed).with_secret(SECRET).instance(schema);
    with_unknown_properties(&mut body);
    body
}

#[test]
fn debug_of_every_generated_type_prints_no_secret() {
    for ((name, pointer, _), read) in TYPES.iter().zip(READS) {
        for seed in 0..20 {
            let body = with_secrets(CORRECTED.pointer(pointer).unwrap(), seed);
            let text = body.to_string();
            let mut decoder = serde_json::Deserializer::from_str(&text);
            let value = read(&mut <dyn erased_serde::Deserializer>::erase(&mut decoder)).unwrap();
            assert_eq!(leak(&value.printed()), None, "{name}: {body}");
            assert_eq!(serde_json::from_str::<Value>(&value.json()).unwrap(), body, "{name} is sent unchanged");
        }
    }
}

#[tokio::test]
async fn debug_of_every_operation_prints_no_secret() {
    let client: Client = client_builder().token_provider(StaticToken::new(SECRET).unwrap()).build().unwrap();
    for operation in OPERATIONS {
        let method = operation.method.to_lowercase();
        let described = &CORRECTED["paths"][operation.path][&method];
        let schema = &resolve(&CORRECTED, &described["requestBody"])["content"]["application/json"]["schema"];
        for seed in 0..10 {
            let body = if schema.is_null() { Value::Null } else { with_secrets(schema, seed) };
            let args = Args::all("x").with_body(body);
            // The call is printed before it is sent; it is not sent.
            drop(call(&client, operation.name, &args).now_or_never());
            assert!(args.printed().len() > 10, "{}", operation.name);
            assert_eq!(leak(&args.printed()), None, "{}", operation.name);
        }
    }
}
