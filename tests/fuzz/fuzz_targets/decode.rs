//! Decodes any input: no panic, and decoding the encoded value again gives the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partner_ingestion_sdk::types::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn round<T: DeserializeOwned + Serialize + PartialEq>(text: &[u8]) {
    let Ok(decoded) = serde_json::from_slice::<T>(text) else { return };
    let once = serde_json::to_string(&decoded).unwrap();
    let again: T = serde_json::from_str(&once).unwrap();
    assert!(again == decoded);
    assert_eq!(serde_json::to_string(&again).unwrap(), once);
    // The same from a reader, which cannot lend data.
    let read: T = serde_json::from_reader(text).unwrap();
    assert!(read == decoded);
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, text)) = data.split_first() else { return };
    match kind % 10 {
        0 => round::<ProductPage>(text),
        1 => round::<ListingPage>(text),
        2 => round::<PackageConfigurationPage>(text),
        3 => round::<VariantPage>(text),
        4 => round::<LeadConfiguration>(text),
        5 => round::<FeatureAvailability>(text),
        6 => round::<Submission>(text),
        7 => round::<AzurePackage>(text),
        8 => round::<AzureProperty>(text),
        _ => round::<ProductAvailability>(text),
    }
});
