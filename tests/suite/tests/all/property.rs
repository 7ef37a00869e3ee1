//! Random instances of every schema, changed in every way that a service may change them: 10,000 here, 1,000,000 in
//! `cargo xtask soak types`.

use partner_tests::document::CORRECTED;
use partner_tests::generated::bridge::TYPES;
use partner_tests::mutant::Breeder;

/// Cases over all types, and the first seed; both can be set to repeat a failure.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn what_is_decoded_and_encoded_again_is_the_same() {
    let (cases, first) = (setting("PARTNER_CASES", 10_000), setting("PARTNER_SEED", 1));
    let mut refused = 0;
    for seed in first..first + cases {
        let (name, pointer, round_trip) = TYPES[seed as usize % TYPES.len()];
        let schema = CORRECTED.pointer(pointer).unwrap();
        let mut breeder = Breeder::new(&CORRECTED, seed);
        let mutant = breeder.breed(schema, seed % 5 == 0);
        let text = breeder.shuffled(&mutant.sent);
        let again = round_trip(&text);
        match (&mutant.wrong, again) {
            (None, Ok(again)) => assert_eq!(again, mutant.kept, "{name} (PARTNER_SEED={seed}): {text}"),
            (None, Err(error)) => panic!("{name} (PARTNER_SEED={seed}): {error}\n{text}"),
            (Some(field), Err(error)) => {
                refused += 1;
                assert!(
                    error.contains(field.as_str()),
                    "{name} (PARTNER_SEED={seed}): {field} is not named: {error}\n{text}"
                );
            }
            (Some(field), Ok(_)) => {
                panic!("{name} (PARTNER_SEED={seed}): {field} has a wrong type and was taken\n{text}")
            }
        }
    }
    println!("{cases} cases from seed {first}, {refused} of them refused as they should be");
    assert!(refused > cases / 20, "{refused} of {cases}");
}
