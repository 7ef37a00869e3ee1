//! Decodes and encodes random instances of every schema, with the deviations that a later version of the service may have:
//! 10,000 by default, 1,000,000 in `cargo xtask soak types`.

use partner_tests::document::CORRECTED;
use partner_tests::generated::bridge::TYPES;
use partner_tests::random_instance::InstanceGenerator;

/// Reads a number from an environment variable. Set `PARTNER_CASES` and `PARTNER_SEED` to repeat a failure.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn random_instances_round_trip() {
    let (cases, first) = (setting("PARTNER_CASES", 10_000), setting("PARTNER_SEED", 1));
    let mut rejected = 0;
    for seed in first..first + cases {
        let (name, pointer, round_trip) = TYPES[seed as usize % TYPES.len()];
        let schema = CORRECTED.pointer(pointer).unwrap();
        let mut generator = InstanceGenerator::new(&CORRECTED, seed);
        let instance = generator.generate(schema, seed % 5 == 0);
        let text = generator.shuffled(&instance.sent);
        let again = round_trip(&text);
        match (&instance.wrong_field, again) {
            (None, Ok(again)) => assert_eq!(again, instance.expected, "{name} (PARTNER_SEED={seed}): {text}"),
            (None, Err(error)) => panic!("{name} (PARTNER_SEED={seed}): {error}\n{text}"),
            (Some(field), Err(error)) => {
                rejected += 1;
                assert!(
                    error.contains(field.as_str()),
                    "{name} (PARTNER_SEED={seed}): {field} is not named: {error}\n{text}"
                );
            }
            (Some(field), Ok(_)) => {
                panic!("{name} (PARTNER_SEED={seed}): {field} has a wrong type and was accepted\n{text}")
            }
        }
    }
    println!("{cases} cases from seed {first}, {rejected} with a wrong type were rejected");
    assert!(rejected > cases / 20, "{rejected} of {cases}");
}
