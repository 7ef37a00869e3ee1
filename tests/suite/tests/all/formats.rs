//! Every type in YAML, TOML, CBOR and MessagePack: what is written and read back is the same, with the texts of its numbers.

use partner_ingestion_sdk::types::*;
use partner_tests::bridge::{Instance, Read};
use partner_tests::document::CORRECTED;
use partner_tests::generated::bridge::{READS, TYPES};
use partner_tests::random_instance::InstanceGenerator;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;

thread_local! {
    /// The type that [`Any`] reads: ciborium has no public deserializer, so that a type has to be named.
    static READ: Cell<Read> = const { Cell::new(READS[0]) };
}

/// A value of the type that is set in `READ`.
struct Any(Box<dyn Instance>);

impl Serialize for Any {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = READ.get();
        read(&mut <dyn erased_serde::Deserializer>::erase(deserializer)).map(Self).map_err(D::Error::custom)
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn yaml<T: Serialize + DeserializeOwned>(value: &T) -> Outcome<T> {
    Ok(serde_saphyr::from_str(&serde_saphyr::to_string(value)?)?)
}

/// A TOML document is a table, so that values of other types are put into one.
fn toml<T: Serialize + DeserializeOwned>(value: &T) -> Outcome<T> {
    let mut table: BTreeMap<String, T> = toml::from_str(&toml::to_string(&BTreeMap::from([("value", value)]))?)?;
    Ok(table.remove("value").unwrap())
}

fn cbor<T: Serialize + DeserializeOwned>(value: &T) -> Outcome<T> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes)?;
    Ok(ciborium::from_reader(&*bytes)?)
}

fn message_pack<T: Serialize + DeserializeOwned>(value: &T) -> Outcome<T> {
    Ok(rmp_serde::from_slice(&rmp_serde::to_vec(value)?)?)
}

/// Decimals that `i64` and `f64` hold with their text, and some that they do not.
const DECIMALS: [&str; 10] = [
    "9.99",
    "9.990",
    "10",
    "10.0",
    "-0",
    "1e400",
    "1E2",
    "18446744073709551616",
    "79228162514264337593543950335",
    "-0.1234567890123456789012345678",
];

#[test]
fn every_type_survives_every_format() {
    let (mut nulls, mut decimals) = (0, 0);
    for seed in 0..TYPES.len() as u64 * 12 {
        let index = seed as usize % TYPES.len();
        let (name, pointer, _) = TYPES[index];
        READ.set(READS[index]);
        let mut generator = InstanceGenerator::new(&CORRECTED, seed);
        let instance = generator.generate(CORRECTED.pointer(pointer).unwrap(), false);
        let text = generator.shuffled(&instance.sent).replace(": 9.99", &format!(": {}", DECIMALS[seed as usize % 10]));
        let value: Any = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name} ({seed}): {error}\n{text}"));
        let json = value.0.json();
        decimals += usize::from(json.contains(DECIMALS[seed as usize % 10]));
        let same = |format: &str, again: Outcome<Any>| match again {
            Ok(again) => assert_eq!(again.0.json(), json, "{name} ({seed}) in {format}"),
            Err(error) => panic!("{name} ({seed}) in {format}: {error}\n{json}"),
        };
        same("YAML", yaml(&value));
        same("CBOR", cbor(&value));
        same("MessagePack", message_pack(&value));
        // TOML has no null: an unknown field with one is an error, and nothing gets lost.
        if json.contains("null") {
            nulls += 1;
            assert!(toml(&value).is_err(), "{name} ({seed}) in TOML: {json}");
        } else {
            same("TOML", toml(&value));
        }
    }
    assert!(nulls > 100 && decimals > 20, "{nulls} and {decimals}");
}

/// The formats' own serializers, without erased types between.
fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    assert_eq!(yaml(value).unwrap(), *value, "YAML");
    assert_eq!(toml(value).unwrap(), *value, "TOML");
    assert_eq!(cbor(value).unwrap(), *value, "CBOR");
    assert_eq!(message_pack(value).unwrap(), *value, "MessagePack");
    assert_eq!(serde_json::from_str::<T>(&serde_json::to_string(value).unwrap()).unwrap(), *value, "JSON");
    assert_eq!(serde_json::from_value::<T>(serde_json::to_value(value).unwrap()).unwrap(), *value, "a JSON value");
}

#[test]
fn decimals_keep_their_text_in_every_format() {
    for text in DECIMALS {
        let price: Decimal = text.parse().unwrap();
        assert_eq!(yaml(&price).unwrap(), price, "{text}");
        assert_eq!(toml(&price).unwrap(), price, "{text}");
        assert_eq!(cbor(&price).unwrap(), price, "{text}");
        assert_eq!(message_pack(&price).unwrap(), price, "{text}");
        assert_eq!(serde_json::to_string(&price).unwrap(), text);
        assert_eq!(serde_json::from_reader::<_, Decimal>(text.as_bytes()).unwrap(), price);
    }
}

#[test]
fn decimals_are_plain_in_files() {
    let prices = ["9.99", "10", "-1.5", "9.990", "1e400"].map(|text| text.parse::<Decimal>().unwrap());
    assert_eq!(serde_saphyr::to_string(&prices).unwrap(), "- 9.99\n- 10\n- -1.5\n- \"9.990\"\n- \"1e400\"\n");
    let table = BTreeMap::from([("prices", &prices[..])]);
    assert_eq!(toml::to_string(&table).unwrap(), "prices = [9.99, 10, -1.5, \"9.990\", \"1e400\"]\n");
}

/// Files written by hand: with quotes the text is kept, without them what an `f64` holds.
#[test]
fn decimals_are_read_from_numbers_and_strings() {
    let prices: Vec<Decimal> = serde_saphyr::from_str("[9.990, '9.990', 12, -3, 1e3]").unwrap();
    assert_eq!(prices.iter().map(Decimal::as_str).collect::<Vec<_>>(), ["9.99", "9.990", "12", "-3", "1000.0"]);
    for wrong in ["[soon]", "[true]", "[[1]]", "[.nan]", "[null]"] {
        assert!(serde_saphyr::from_str::<Vec<Decimal>>(wrong).is_err(), "{wrong}");
    }
    assert!(serde_json::from_str::<Decimal>("\"9.990\"").is_err(), "the service has numbers");
}

#[test]
fn the_tag_may_be_anywhere_in_every_format() {
    let fields = json!({
        "aFieldOfTomorrow": [{"deep": [1, -1.5, {"x": [], "y": ""}]}],
        "formID": "f",
        "resourceType": "MarketoLeadConfiguration",
        "serverID": "1.50",
    });
    let lead: LeadConfiguration = serde_json::from_value(fields.clone()).unwrap();
    assert!(lead.as_marketo().is_some());
    survives(&lead);
    for tag in [json!("Telepathy"), Value::Null] {
        let mut fields = fields.clone();
        fields["resourceType"] = tag;
        fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let unknown: LeadConfiguration = serde_json::from_value(fields).unwrap();
        assert!(unknown.as_unknown().is_some());
        survives(&unknown);
    }
}

#[test]
fn both_forms_of_audiences_survive() {
    for body in [json!(["a", "1"]), json!({"type": "PreviewMarketplaceGroup", "values": ["a"], "new": 1})] {
        survives(&serde_json::from_value::<PreviewMarketplaceGroup>(body).unwrap());
    }
    assert!(serde_saphyr::from_str::<PreviewMarketplaceGroup>("7").is_err());
}

#[test]
fn an_error_names_the_place_in_every_format() {
    let text = "formID: [1]\nresourceType: MarketoLeadConfiguration\n";
    let error = serde_saphyr::from_str::<LeadConfiguration>(text).unwrap_err().to_string();
    assert!(error.contains("MarketoLeadConfiguration: formID: "), "{error}");
    let error = serde_saphyr::from_str::<PreviewMarketplaceGroup>("{values: [[]]}").unwrap_err().to_string();
    assert!(error.contains("values[0]: "), "{error}");
}

/// A program may wrap the types: then serde buffers what it reads, and the text of a number is lost, but not its value.
#[test]
fn decimals_in_flattened_and_untagged_types_of_users_are_read() {
    #[derive(Serialize, Deserialize)]
    struct Mine {
        #[serde(flatten)]
        price: Inner,
    }
    #[derive(Serialize, Deserialize)]
    struct Inner {
        price: Decimal,
    }
    let mine: Mine = serde_json::from_str(r#"{"price": 9.990}"#).unwrap();
    assert_eq!(mine.price.price.as_str(), "9.99");
    let kept = Mine { price: Inner { price: "9.990".parse().unwrap() } };
    assert_eq!(serde_json::to_string(&kept).unwrap(), r#"{"price":9.990}"#);
}
