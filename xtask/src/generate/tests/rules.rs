//! The rules of publishing: what is wrong with them is named with its line, and they are in the documentation.

use super::Project;

const FILE: &str = "openapi/publishing-rules.toml";

/// A project with the committed rules.
fn project() -> Project {
    let project = Project::new();
    project.write(FILE, include_str!("../../../../openapi/publishing-rules.toml"));
    project
}

/// Returns a file with one rule. The lines replace the defaults with the same keys.
fn rule(lines: &str) -> String {
    let mut text = "# A comment.\n\n[[rule]]\n".to_owned();
    let keys = ["id", "of", "target", "kind", "says", "source", "confirmed"];
    let given = |key: &str| lines.lines().any(|line| line.split(" = ").next() == Some(key));
    for key in keys.into_iter().filter(|key| !given(key)) {
        text += match key {
            "id" => "id = \"a-rule\"\n",
            "of" => "of = \"offer\"\n",
            "target" => "target = \"AzureListing.title\"\n",
            "kind" => "kind = \"required\"\n",
            "says" => "says = \"Required.\"\n",
            "source" => "source = \"a-page\"\n",
            _ => "confirmed = false\n",
        };
    }
    text + lines + "\n"
}

#[test]
fn a_rule_that_does_not_fit_is_named_with_its_line_and_the_next_step() {
    let project = Project::new();
    let table = [
        ("target = \"AzureListings.title\"", "no type `AzureListings`", "use a type of the SDK, such as AzureListing"),
        (
            "target = \"AzureListing.titel\"",
            "AzureListing has no property `titel`",
            "use one of its properties: title,",
        ),
        ("target = \"AzureListing.listingContacts.mail\"", "ListingContact has no property `mail`", "email"),
        ("target = \"AzureListing.listingContacts[kind=a]\"", "ListingContact has no property `kind`", "type"),
        ("target = \"ListingImage[kind=a]\"", "ListingImage has no property `kind`", "type"),
        ("target = \"AzureListing.title.text\"", "AzureListing.title is not an object", "end the target here"),
        ("target = \"AzureListing.listingUris[type\"", "`listingUris[type` has no `]`", "write `name[property=value]`"),
        ("target = \"\"", "the target is empty", "name a type of the document"),
        ("when = \"sold=true\"", "AzureListing has no property `sold`", "use one of its properties"),
        ("when = \"sold\"", "`sold` has no `=`", "write `property=value`"),
        ("when = \"variant.subType=a\"", "the condition is about a plan, the rule is not", "set `of` to plan"),
        ("of = \"plan\"\nwhen = \"variant.kind=a\"", "AzureSkuVariant has no property `kind`", "subType"),
        ("when = \"title=a\"\nunless = \"title=b\"", "it has both `when` and `unless`", "make it two rules"),
        ("kind = \"forbidden\"", "unknown kind \"forbidden\"", "use one of the kinds at the top of"),
        ("kind = \"max-length\"", "kind max-length needs `max`", "add `max`"),
        ("kind = \"archive\"\nvalues = []\nmax = 1", "kind archive needs `member-max`", "add `member-max`"),
        ("kind = \"count\"", "kind count needs `max`", "add `max`"),
        ("kind = \"raised\"\nvalues = [\"a\"]", "kind raised has no `values`", "remove `values`"),
        ("max = 3", "kind required has no `max`", "remove `max`"),
        ("id = \"A rule\"", "the id is not kebab-case", "use lowercase letters"),
    ];
    for (lines, message, help) in table {
        let text = rule(lines);
        project.write(FILE, &text);
        let error = project.run(|_| {}).unwrap_err();
        let line = text.lines().position(|line| line.starts_with("target")).unwrap() + 1;
        let id = if lines.starts_with("id") { "A rule" } else { "a-rule" };
        let expected = format!("openapi/publishing-rules.toml:{line}: rule {id}: {message}");
        assert!(error.contains(&expected) && error.contains(help), "{lines}: {error}");
    }
    project.write(FILE, rule("") + &rule(""));
    assert!(project.run(|_| {}).unwrap_err().contains("rule a-rule: the id is used twice"));
    project.write(FILE, rule("where = 1"));
    let error = project.run(|_| {}).unwrap_err();
    assert!(
        error.contains("publishing-rules.toml is not a valid table of rules") && error.contains("where"),
        "{error}"
    );
}

/// What the pages say and no check covers.
#[test]
fn a_rule_that_nothing_checks_says_why() {
    let project = Project::new();
    let entry = |reason: &str| format!("\n[[unchecked]]\nsays = \"It is round.\"\nreason = {reason}\nsource = \"p\"\n");
    project.write(FILE, rule("") + &entry("\"No shapes.\""));
    project.run(|_| {}).unwrap();
    let table = [
        (entry("\" \""), "rule \"It is round.\": `reason` is empty"),
        (entry("\"a\"") + &entry("\"b\""), "rule \"It is round.\": it is said twice"),
        (entry("\"a\"\nkind = \"required\""), "kind"),
    ];
    for (text, message) in table {
        project.write(FILE, text);
        let error = project.run(|_| {}).unwrap_err();
        assert!(error.contains(message), "{message}: {error}");
    }
}

#[test]
fn the_rules_are_in_the_documentation_in_the_check_and_in_the_sandbox() {
    let project = project();
    project.replace(FILE, "id = \"listing-name-length\"\nof = \"offer\"", "id = \"name-length\"\nof = \"offer\"");
    project.run(|_| {}).unwrap();
    let types = project.read("partner-ingestion-sdk/src/generated/types.rs");
    let title = "Required to publish. At most 200 characters for an offer. No emoji in the name of an offer. Required for each \
        plan, too. At most 100 characters for a plan. Per the portal's documentation \
        ([azure-app-plans](https://learn.microsoft.com/partner-center/marketplace-offers/azure-app-plans), \
        [plan-azure-application-offer](https://learn.microsoft.com/partner-center/marketplace-offers/plan-azure-application-offer)); \
        not confirmed for the API.";
    assert!(types.contains(title), "the documentation of a field");
    assert!(types.contains("An offer has 1 to 100 plans."), "the documentation of a type");
    let pair = &types[..types.find("pub struct TypeValuePair").unwrap()];
    let pair = &types[pair.len()..pair.len() + 800];
    assert!(!pair.contains("offer id"), "a type of many fields has the limits of none: {pair}");
    let setters = project.read("partner-ingestion-sdk/src/generated/setters.rs");
    assert!(setters.contains(title), "the documentation of a setter");
    let table = project.read("partner-ingestion-sdk/src/generated/rules.rs");
    assert!(table.contains("id: \"name-length\"") && table.contains("Check::MaxLength { max: 200"), "the check");
    let (of_resources, of_files) = table.split_once("FILE_RULES").unwrap();
    assert!(!of_resources.contains("large-logo-size") && of_files.contains("large-logo-size"), "rules about files");
    let page = project.read("partner-ingestion-sdk/src/generated/publishing_rules.md");
    let row = "| `name-length` | offer, `title` | At most 200 characters for an offer. | [plan-azure-application-offer](https://";
    assert!(
        page.contains(row) && page.contains("| `delete-published-offer` | offer, `AzureProduct` |"),
        "{page:.2000}"
    );
    let sandbox = project.read("tests/sandbox/src/generated/publishing-rules.json");
    assert!(sandbox.contains("\"id\": \"name-length\"") && sandbox.contains("\"large-logo-size\""), "the sandbox");
}

#[test]
fn a_confirmed_rule_says_so() {
    let project = Project::new();
    project.write(FILE, rule("confirmed = true"));
    project.run(|_| {}).unwrap();
    let types = project.read("partner-ingestion-sdk/src/generated/types.rs");
    assert!(types.contains("/// Required. Per the portal's documentation (`a-page`); confirmed for the API."));
}

/// Another document may lack what a rule is about.
#[test]
fn rules_that_do_not_fit_another_document_are_left_out() {
    let project = project();
    let document = project.changed(|document| {
        let text = document.to_string().replace("\"leveledCategories\"", "\"categoryTree\"");
        *document = serde_json::from_str(&text).unwrap();
    });
    let files = project.other_document(document);
    // The row of names.toml for the property is reported, too: as a warning.
    let files = files.unwrap();
    let sandbox = files.iter().find(|(path, _)| path.ends_with("publishing-rules.json")).unwrap();
    assert!(!sandbox.1.contains("category-count") && sandbox.1.contains("keyword-count"));
}
