//! Each kind of rule, with resources that follow it and resources that do not.

use super::evaluate::{PlanOf, Subject, evaluate};
use super::rule::{Check, Condition, Format, Rule, Scope, Select, Step};
use serde_json::{Value, json};

const TITLE: &[Step] = &[Step { name: "title", select: None }];
const ITEMS: &[Step] = &[Step { name: "items", select: None }];
const TEXTS: &[Step] = &[Step { name: "items", select: None }, Step { name: "text", select: None }];
const MAIN: &[Step] = &[Step { name: "items", select: Some(Select { property: "type", value: "Main" }) }];
const MAIN_TEXT: &[Step] = &[
    Step { name: "items", select: Some(Select { property: "type", value: "Main" }) },
    Step { name: "text", select: None },
];
const EVERY: &[Step] = &[Step { name: "tree", select: None }, Step { name: "*", select: None }];

const fn rule(path: &'static [Step], check: Check) -> Rule {
    Rule {
        id: "a-rule",
        of: Scope::Offer,
        type_name: "AzureListing",
        select: None,
        path,
        condition: None,
        across: false,
        check,
        source: "a-page",
    }
}

fn plan_of(id: &str) -> Option<PlanOf<'_>> {
    Some(PlanOf { id, number: 0 })
}

/// The messages for one listing of the offer.
fn messages(rule: Rule, listing: &Value) -> Vec<String> {
    let rules: &'static [Rule] = Box::leak(Box::new([rule]));
    let items = evaluate(rules, &[Subject::new("AzureListing", None, listing)]);
    items.into_iter().filter_map(|item| item.message?.strip_suffix(", see a-page").map(str::to_owned)).collect()
}

#[test]
fn required_values_are_not_blank() {
    for blank in
        [json!({}), json!({"title": null}), json!({"title": " \n"}), json!({"title": [""]}), json!({"title": {}})]
    {
        assert_eq!(messages(rule(TITLE, Check::Required), &blank), ["title is missing"], "{blank}");
    }
    for present in [json!({"title": "a"}), json!({"title": 0}), json!({"title": false}), json!({"title": ["", "a"]})] {
        assert!(messages(rule(TITLE, Check::Required), &present).is_empty(), "{present}");
    }
}

#[test]
fn required_values_of_items() {
    let listing = json!({"items": [{"type": "main", "text": ""}, {"type": "Other"}, {"type": "Main", "text": "a"}]});
    assert_eq!(
        messages(rule(MAIN_TEXT, Check::Required), &listing),
        ["items[0].text is missing (items with type Main)"]
    );
    assert_eq!(
        messages(rule(TEXTS, Check::Required), &listing),
        ["items[0].text is missing", "items[1].text is missing"]
    );
    assert!(messages(rule(MAIN, Check::Required), &listing).is_empty());
    assert!(messages(rule(MAIN_TEXT, Check::Required), &json!({})).is_empty(), "no item, no text");
    let other = json!({"items": [{"type": "Other"}]});
    assert_eq!(messages(rule(MAIN, Check::Required), &other), ["items with type Main is missing"]);
    let across = || Rule { across: true, ..rule(MAIN_TEXT, Check::Required) };
    assert!(messages(across(), &listing).is_empty(), "one is enough");
    assert_eq!(messages(across(), &other), ["items.text is missing (items with type Main)"]);
}

#[test]
fn counts_of_items_and_of_properties() {
    let count = |min, max| Check::Count { min, max };
    let two = json!({"items": ["a", "b", ""], "tree": {"x": [1, 2], "y": [1], "z": null}});
    assert!(messages(rule(ITEMS, count(2, Some(2))), &two).is_empty());
    assert_eq!(messages(rule(ITEMS, count(3, None)), &two), ["items: 2 given, expected at least 3"]);
    assert_eq!(messages(rule(ITEMS, count(0, Some(1))), &two), ["items: 2 given, expected at most 1"]);
    assert!(messages(rule(ITEMS, count(0, Some(1))), &json!({})).is_empty());
    assert_eq!(messages(rule(&EVERY[..1], count(0, Some(1))), &two), ["tree: 2 given, expected at most 1"]);
    assert_eq!(messages(rule(EVERY, count(0, Some(1))), &two), ["tree.x: 2 given, expected at most 1"]);
}

#[test]
fn texts() {
    let long = json!({"title": "\u{e4}\u{f6}\u{fc}", "items": [{"text": "A"}, {"text": "a"}, {"text": "b"}]});
    assert!(messages(rule(TITLE, Check::MaxLength { max: 3 }), &long).is_empty(), "characters, not bytes");
    let found = messages(rule(TITLE, Check::MaxLength { max: 2 }), &long);
    assert_eq!(found, ["title has 3 characters, expected at most 2"]);
    assert_eq!(messages(rule(TEXTS, Check::Unique), &long), ["items[1].text \"a\" is used twice"]);
    let one_of = || rule(TEXTS, Check::OneOf(&["A", "C"]));
    assert_eq!(messages(one_of(), &long), ["items[2].text is \"b\", expected one of A, C"]);
    let found = messages(rule(TITLE, Check::Format(Format::Version)), &long);
    assert_eq!(found, ["title is \"\u{e4}\u{f6}\u{fc}\", expected three integers separated by dots"]);
    assert!(messages(rule(TITLE, Check::Format(Format::Version)), &json!({})).is_empty(), "absent is another rule");
}

#[test]
fn conditions() {
    let select = || Select { property: "sold", value: "true" };
    let when = |unless| Rule {
        condition: Some(Condition { variant: false, select: select(), unless }),
        ..rule(TITLE, Check::Required)
    };
    for (sold, holds) in [(json!({"sold": true}), true), (json!({"sold": false}), false), (json!({}), false)] {
        assert_eq!(!messages(when(false), &sold).is_empty(), holds, "{sold}");
        assert_eq!(messages(when(true), &sold).is_empty(), holds, "{sold}");
    }
}

/// Resources of the offer, of each plan and of all plans, and how a finding names them.
#[test]
fn scopes() {
    let plan = |of, check, path, condition| Rule { of, path, condition, ..rule(TITLE, check) };
    let clouds = Condition { variant: true, select: Select { property: "clouds", value: "public" }, unless: false };
    let rules: &'static [Rule] = Box::leak(Box::new([
        plan(Scope::Offer, Check::Required, TITLE, None),
        plan(Scope::Plan, Check::Required, TITLE, Some(clouds)),
        plan(Scope::Plans, Check::Count { min: 0, max: Some(1) }, &[], None),
        plan(Scope::Plans, Check::Unique, TITLE, None),
    ]));
    let title = json!({"title": "Same"});
    let subjects = [
        Subject::new("AzureListing", None, &json!({})),
        Subject::new("AzureListing", plan_of("one"), &json!({})),
        Subject::new("AzureSkuVariant", plan_of("one"), &json!({"clouds": ["other", "public"]})),
        Subject::new("AzureListing", plan_of("two"), &title),
        Subject::new("AzureListing", plan_of("three"), &title),
        Subject::new("AzureSkuVariant", plan_of("two"), &json!({"clouds": ["other"]})),
    ];
    let found: Vec<String> = evaluate(rules, &subjects).iter().map(ToString::to_string).collect();
    let with_id = evaluate(rules, &[Subject::new("AzureListing", None, &json!({"id": "7b9e"}))]);
    let text = "offer, Listing: title is missing, see a-page (Error check/a-rule, resource 7b9e)";
    assert_eq!(with_id[0].to_string(), text, "the id comes last");
    assert_eq!(
        found,
        [
            "offer, Listing: title is missing, see a-page (Error check/a-rule)",
            "plan one, Listing: title is missing, see a-page (Error check/a-rule)",
            "offer, Listing: AzureListing: 3 given, expected at most 1, see a-page (Error check/a-rule)",
            "offer, Listing: title \"Same\" is used twice, see a-page (Error check/a-rule)",
        ]
    );
}

/// The messages for a listing that is published in another version.
fn compared(check: Check, path: &'static [Step], published: &Value, draft: &Value) -> Vec<String> {
    let rules: &'static [Rule] = Box::leak(Box::new([rule(path, check)]));
    let items = evaluate(rules, &[Subject::new("AzureListing", None, draft).published(Some(published))]);
    items.into_iter().filter_map(|item| item.message?.strip_suffix(", see a-page").map(str::to_owned)).collect()
}

#[test]
fn what_is_published_stays() {
    let kept = |published: Value, draft: Value| compared(Check::KeepsPublished(&["A"]), TITLE, &published, &draft);
    assert_eq!(kept(json!({"title": "A"}), json!({"title": "B"})), ["title: \"A\" is published and must stay"]);
    assert_eq!(kept(json!({"title": "a"}), json!({})).len(), 1, "without case, and an absent value was removed");
    assert!(kept(json!({"title": "A"}), json!({"title": "a"})).is_empty());
    assert!(kept(json!({"title": "B"}), json!({"title": "A"})).is_empty(), "B may change");
    assert!(kept(json!({}), json!({"title": "B"})).is_empty());
    let all = |published, draft| compared(Check::KeepsPublished(&[]), ITEMS, &published, &draft);
    let gone = all(json!({"items": ["a", "b", true]}), json!({"items": ["b", "c"]}));
    assert_eq!(gone, ["items: \"a\" is published and must stay", "items: \"true\" is published and must stay"]);
    assert!(messages(rule(TITLE, Check::KeepsPublished(&[])), &json!({})).is_empty(), "nothing is published");
}

#[test]
fn a_version_is_raised_if_anything_else_changed() {
    let raised = |old: Value, new: Value| compared(Check::Raised, TITLE, &old, &new);
    let same = json!({"title": "1.2.0", "id": "1", "@odata.etag": "2", "items": [1]});
    assert!(raised(same.clone(), json!({"title": "1.2.0", "id": "3", "@odata.etag": "4", "items": [1]})).is_empty());
    assert_eq!(
        raised(same.clone(), json!({"title": "1.2.0", "items": [2]})),
        ["title is 1.2.0, expected above the published 1.2.0, because the resource changed"]
    );
    assert_eq!(
        raised(same.clone(), json!({"title": "1.1.9", "items": [1]})).len(),
        1,
        "lowered, without another change"
    );
    for (version, is_raised) in [("1.10.0", true), ("1.2.1", true), ("1.1.9", false), ("0.9.9", false), ("x", true)] {
        let found = raised(same.clone(), json!({"title": version, "items": []}));
        assert_eq!(found.is_empty(), is_raised, "{version}: {found:?}");
    }
    assert!(messages(rule(TITLE, Check::Raised), &json!({"title": "1.0.0"})).is_empty(), "nothing is published");
}
