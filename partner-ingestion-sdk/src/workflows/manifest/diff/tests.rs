//! Differences between manifests.

use super::*;

fn manifest(parts: &str) -> OfferManifest {
    let text = format!(r#"{{"offerId": "a", "type": "AzureApplication", "name": "A", {parts}}}"#);
    OfferManifest::from_json("offer.json", &text).unwrap()
}

fn lines(before: &str, after: &str) -> Vec<String> {
    manifest(after).diff_from(&manifest(before)).to_string().lines().map(str::to_owned).collect()
}

#[test]
fn what_is_not_mentioned_is_left_alone() {
    let full = r#""property": {"appVersion": "1"}, "listings": {"en-us": {"title": "A", "summary": "B"}}"#;
    assert_eq!(lines(full, r#""listings": {"en-us": {"title": "A"}}"#), Vec::<String>::new());
    assert_eq!(lines(full, full), Vec::<String>::new());
    assert!(manifest(full).diff_from(&manifest(full)).is_empty());
}

#[test]
fn a_change_has_resource_pointer_and_both_values() {
    let before =
        r#""plans": {"p": {"availability": {"visibility": "Public", "customMeters": [{"priceInUsd": 0.10}]}}}"#;
    let after = r#""plans": {"p": {"availability": {"visibility": "Private", "customMeters": [{"priceInUsd": 0.1}]}}}"#;
    let diff = manifest(after).diff_from(&manifest(before));
    let [change] = diff.changes() else { panic!("{diff}") };
    assert_eq!((change.kind, &*change.resource), (ChangeKind::Set, "plan p, Availability"));
    assert_eq!(change.pointer, "/plans/p/availability/visibility");
    assert_eq!((change.before().as_deref(), change.after().as_deref()), (Some("\"Public\""), Some("\"Private\"")));
    assert_eq!(
        serde_json::to_string(&diff).unwrap(),
        r#"[{"kind":"set","resource":"plan p, Availability","pointer":"/plans/p/availability/visibility","before":"Public","after":"Private","secret":false}]"#
    );
}

#[test]
fn plans_languages_and_files_that_only_the_service_has_are_removals() {
    let before = r#""listings": {"en-us": {"images": [{"file": "a.png", "type": "x"}, {"file": "b.png", "type": "y"}]}, "de-de": {}},
        "plans": {"p": {"listings": {"en-us": {"title": "A"}, "fr-fr": {}}}, "q": {}}"#;
    let after = r#""listings": {"en-us": {"images": [{"file": "files/b.png", "type": "y", "order": 2}]}},
        "plans": {"p": {"listings": {"en-us": {"title": "A"}}}}"#;
    assert_eq!(
        lines(before, after),
        [
            "+ /listings/en-us/images/0/order: 2",
            r#"- /listings/en-us/images: {"file":"a.png","type":"x"}"#,
            "- /listings/de-de: {}",
            "- /plans/p/listings/fr-fr: {}",
            "- /plans/q: {}",
        ]
    );
}

#[test]
fn each_plan_and_each_language_is_a_change_also_if_it_is_the_first() {
    assert_eq!(
        lines(
            r#""property": {}"#,
            r#""listings": {"de-de": {}, "en-us": {"title": "A"}}, "plans": {"p": {}, "q": {}}"#
        ),
        ["+ /listings/de-de: {}", r#"+ /listings/en-us: {"title":"A"}"#, "+ /plans/p: {}", "+ /plans/q: {}"]
    );
}

#[test]
fn secrets_are_only_said_to_be_changed() {
    let before = r#""leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": {"env": "OLD"}}"#;
    let after = r#""leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": {"env": "NEW"}}"#;
    let diff = manifest(after).diff_from(&manifest(before));
    assert_eq!(diff.to_string(), "~ /leads/connectionString: changed\n");
    for text in [diff.to_terminal(), diff.to_markdown(), serde_json::to_string(&diff).unwrap(), format!("{diff:?}")] {
        assert!(!text.contains("OLD") && !text.contains("NEW"), "{text}");
    }
}

#[test]
fn the_changed_words_of_a_long_text_are_marked() {
    let text = |word: &str| {
        format!(
            "Contoso runs {} workloads in your own subscription, and you {word} pay for what you use.",
            "many ".repeat(9).trim()
        )
    };
    let listing = |word: &str| format!(r#""listings": {{"en-us": {{"description": "{}"}}}}"#, text(word));
    let diff = manifest(&listing("never")).diff_from(&manifest(&listing("only")));
    assert_eq!(
        diff.to_string(),
        "~ /listings/en-us/description: \"… own subscription, and you [-only-] pay for what you …\" -> \
         \"… own subscription, and you {+never+} pay for what you …\"\n"
    );
    assert!(diff.to_terminal().contains("\u{1b}[31monly\u{1b}[0m"), "{}", diff.to_terminal());
    assert!(diff.to_markdown().contains("**never**"), "{}", diff.to_markdown());
}

#[test]
fn markdown_has_a_table_for_each_resource_and_survives_any_text() {
    let diff = manifest(r#""listings": {"en-us": {"title": "A|B\n`<b>"}}"#)
        .diff_from(&manifest(r#""listings": {"en-us": {"title": "A"}}"#));
    assert_eq!(
        diff.to_markdown(),
        "### offer, Listing en-us\n\n| | place | before | after |\n| --- | --- | --- | --- |\n\
         | ~ | `/listings/en-us/title` | \"A\" | \"A\\|B\\\\n\\`&lt;b>\" |\n"
    );
    assert_eq!(OfferDiff::default().to_markdown(), "No changes.\n");
    let hostile = manifest("\"listings\": {\"en-us\": {\"title\": \"\\u001b[2J\"}}")
        .diff_from(&manifest(r#""listings": {"en-us": {"title": "A"}}"#));
    assert!(!hostile.to_terminal().contains("\u{1b}[2J"));
}

#[test]
fn a_terminal_shows_what_is_new_and_what_is_removed_in_lists_and_objects() {
    let shown = |before: &str, after: &str| {
        let text = manifest(after).diff_from(&manifest(before)).to_terminal();
        ["31", "32", "33", "1", "0"].iter().fold(text, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
    };
    let listing = |keywords: &str| format!(r#""listings": {{"en-us": {{"keywords": {keywords}}}}}"#);
    let keywords = |before: &str, after: &str| shown(&listing(before), &listing(after));
    let head = "offer, Listing en-us\n  ~ /listings/en-us/keywords\n";
    let lines = "      - \"b\"\n      + \"c\"\n      + \"a\"\n        1 unchanged\n";
    assert_eq!(keywords(r#"["a", "b"]"#, r#"["a", "c", "a"]"#), format!("{head}{lines}"));
    let order = "      - [\"a\",\"b\"]\n      + [\"b\",\"a\"]\n";
    assert_eq!(keywords(r#"["a", "b"]"#, r#"["b", "a"]"#), format!("{head}{order}"));
    let all = "      - [\"a\"]\n      + []\n";
    assert_eq!(keywords(r#"["a"]"#, "[]"), format!("{head}{all}"));
    let plan = r#""plans": {"p": {"friendlyName": "P", "listings": {"en-us": {"title": "P"}}}}"#;
    let lines = "      + friendlyName: \"P\"\n      + listings: {\"en-us\":{\"title\":\"P\"}}\n";
    assert_eq!(shown(r#""plans": {}"#, plan), format!("plan p, Plan\n  + /plans/p\n{lines}"));
    let removed = shown(plan, r#""plans": {"q": {}}"#);
    assert!(removed.contains("plan p, Plan\n  - /plans/p\n      - friendlyName: \"P\"\n"), "{removed}");
}
