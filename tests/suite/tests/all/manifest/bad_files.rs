//! Bad files: each is an error with file, line, column and what to write, and nothing is sent.

use super::Folder;
use partner_ingestion_sdk::{Client, Error, ErrorKind, OfferManifest};
use partner_tests::offer::{png, zip};
use partner_tests::test_env::TestEnv;
use std::path::Path;

const HEAD: &str = "{\"offerId\": \"app\", \"type\": \"AzureApplication\", \"name\": \"App\",\n ";
const YAML_HEAD: &str = "offerId: app\ntype: AzureApplication\nname: App\n";

/// Faults in JSON. The place of the error is marked with an arrow, in the second line.
const JSON: [(&str, &str); 34] = [
    // Keys.
    (r#""plan": ▸{}}"#, "`plan` is unknown, did you mean `plans`?"),
    (r#""price": ▸1}"#, "`price` is unknown, expected one of $schema, offerId"),
    (r#""plans": {"x": {"id": ▸"7"}}}"#, "`id` is not part of a manifest, remove it: the service assigns it"),
    (r#""plans": {"x": {"externalID": ▸"7"}}}"#, "remove it: it is the key of this object"),
    (r#""setup": {"@odata.etag": ▸"1"}}"#, "remove it: the service assigns it"),
    (r#""listings": {"en": {"languageCode": ▸"en"}}}"#, "remove it: it is the key of this object"),
    (r#""plans": {"x": {"configuration": {"packageReferences": ▸[]}}}}"#, "it follows from `package`"),
    // Types.
    (r#""plans": ▸[]}"#, "/plans: is a list, expected an object"),
    (r#""plans": {"x": ▸1}}"#, "/plans/x: is a number, expected an object"),
    (r#""listings": {"en": {"images": ▸{}}}}"#, "is an object, expected a list"),
    (r#""listings": {"en": {"keywords": ▸"a"}}}"#, "/listings/en/keywords: invalid type: string"),
    (r#""plans": {"x": {"friendlyName": ▸1}}}"#, "/plans/x/friendlyName: invalid type: integer"),
    (r#""property": {"useEnterpriseContract": ▸"yes"}}"#, "/property/useEnterpriseContract: invalid type"),
    // Names that are there twice or empty.
    (r#""plans": {"x": ▸{}, "X": {}}}"#, "is the same plan id as `X`"),
    (r#""plans": {"x": {}, ▸"x": {}}}"#, "duplicate key \"x\""),
    (r#""plans": {"": ▸{}}}"#, "the key is empty"),
    // Paths of files.
    (r#""plans": {"x": {"package": ▸{}}}}"#, "`file` is missing"),
    (r#""plans": {"x": {"package": {"file": ▸"/etc/passwd"}}}}"#, "expected a path relative to the manifest such as"),
    (r#""plans": {"x": {"package": {"file": ▸"../app.zip"}}}}"#, "expected a path relative to the manifest such as"),
    (r#""plans": {"x": {"package": {"file": ▸"C:app.zip"}}}}"#, "expected a path relative to the manifest such as"),
    // Files.
    (r#""plans": {"x": {"package": {"file": ▸"none.zip"}}}}"#, "none.zip cannot be read"),
    (r#""listings": {"en": {"images": [{"type": "AzureLogoLarge", "file": ▸"folder"}]}}}"#, "folder is no file"),
    (r#""supplementalContent": {"documents": [{"file": ▸"none.pdf"}]}}"#, "none.pdf cannot be read"),
    (r#""cosell": {"documents": [{"file": ▸"none.pdf"}]}}"#, "write the path of a file relative to the manifest"),
    (
        r#""listings": {"en": {"images": [{"type": "AzureLogoLarge", "file": ▸"wide.png"}]}}}"#,
        "is an image of 300 by 216 pixels, expected 216 to 350 by 216 to 350 pixels, square",
    ),
    (r#""listings": {"en": {"images": [{"type": "AzureLogoLarge", "file": ▸"text.txt"}]}}}"#, "is no PNG image"),
    (r#""plans": {"x": {"package": {"file": ▸"broken.zip"}}}}"#, "is no valid zip file"),
    (r#""plans": {"x": {"package": {"file": ▸"nested.zip"}}}}"#, "expected `mainTemplate.json` at the root"),
    (
        r#""plans": {"x": {"package": {"file": ▸"macos.zip"}}}}"#,
        "has a folder `__MACOSX`, create the archive without it",
    ),
    (r#""plans": {"x": {"package": {"file": ▸"empty.zip"}}}}"#, "the file is empty"),
    // Secrets.
    (r#""leads": {"connectionString": ▸"AccountKey=1"}}"#, "write {env: NAME} or {file: PATH}"),
    (
        r#""leads": {"connectionString": ▸{"env": "A", "file": "b"}}}"#,
        "has both `env` and `file`, write {env: NAME} or",
    ),
    (
        r#""leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": ▸{"env": "PARTNER_NOT_SET"}}}"#,
        "secret `connectionString` cannot be read from the variable PARTNER_NOT_SET",
    ),
    (r#""property": {"hideKeys": [▸{"file": "none.txt"}]}}"#, "secret `hideKeys1` cannot be read from"),
];

/// Faults that the check finds, with the place of the finding.
const FINDINGS: [(&str, &str); 5] = [
    (r#""plans": {"x": {"friendlyName": "X", "listings": {"en": {"title": ▸""}}}}}"#, "title is missing"),
    (
        r#""plans": {"x": {"availability": {"visibility": "Public", "marketStates": [{"marketCode": ▸"usa"}]}}}}"#,
        "is \"usa\", expected 2 uppercase letters such as US",
    ),
    (
        r#""plans": {"x": {"availability": {"priceSchedules": [{"schedules": [{"retailPrice": {"currencyCode": ▸"usd"}}]}]}}}}"#,
        "expected 3 uppercase letters such as USD",
    ),
    (r#""plans": {"x": {"friendlyName": "Same"}, "y": {"friendlyName": ▸"same"}}}"#, "is used twice"),
    (r#""plans": {"A B": ▸{"friendlyName": "X"}}}"#, "expected lowercase"),
];

/// Faults in YAML with line and column.
const YAML: [(&str, &str, &str); 8] = [
    ("plan: {}\n", "4:7", "did you mean `plans`?"),
    ("plans:\n  x:\n    friendlyName: 1\n", "6:19", "/plans/x/friendlyName: invalid type"),
    ("plans:\n  x: {}\n  x: {}\n", "6:3", "duplicate"),
    ("plans:\n\tx: {}\n", "5:2", "tabs"),
    ("name: B\n", "4:1", "duplicate"),
    ("leads:\n  connectionString: AccountKey=1\n", "5:21", "write {env: NAME} or {file: PATH}"),
    ("plans:\n  x:\n    package:\n      file: none.zip\n", "7:13", "none.zip cannot be read"),
    ("plans:\n  x:\n    package: {file: broken.zip}\n", "6:21", "is no valid zip file"),
];

fn files(folder: &Path) {
    let nested = zip(&["app/mainTemplate.json", "createUiDefinition.json"]);
    let macos = zip(&["mainTemplate.json", "createUiDefinition.json", "__MACOSX/._a"]);
    let broken = &nested[..nested.len() - 30];
    for (name, content) in [
        ("wide.png", &png(300, 216)[..]),
        ("text.txt", b"text"),
        ("broken.zip", broken),
        ("nested.zip", &nested),
        ("macos.zip", &macos),
        ("empty.zip", b""),
    ] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    std::fs::create_dir(folder.join("folder")).unwrap();
}

/// Reads and applies a file, and returns the first error.
async fn error_of(client: &Client, path: &Path) -> Error {
    let manifest = match OfferManifest::load(path).await {
        Err(error) => return error,
        Ok(manifest) => manifest,
    };
    client.apply_offer(&manifest).check(true).await.expect_err("a bad file")
}

/// Checks that a text is refused. Returns what is wrong otherwise.
async fn accepted(env: &TestEnv, path: &Path, text: &str, place: &str, expected: &str) -> Option<String> {
    std::fs::write(path, text).unwrap();
    let error = error_of(&env.client, path).await;
    let message = error.to_string();
    let is_right = error.kind() == ErrorKind::Manifest
        && message.starts_with(&format!("{}:{place}: ", path.display()))
        && message.contains(expected)
        && !message.contains("AccountKey")
        && error.hint().is_some()
        && error.applied().is_none_or(|applied| applied.steps.is_empty())
        && env.sandbox.calls().is_empty();
    (!is_right).then(|| format!("{text}\n  expected at {place}: {expected}\n  {message}\n"))
}

#[tokio::test]
async fn a_bad_file_is_an_error_with_its_place_and_nothing_is_sent() {
    let env = TestEnv::start().await;
    let folder = Folder::new("bad-files");
    files(folder.path());
    let mut wrong = Vec::new();
    let path = folder.path().join("offer.json");
    for (rest, expected) in JSON {
        let place = format!("2:{}", column(rest));
        wrong.extend(accepted(&env, &path, &format!("{HEAD}{}", rest.replace('▸', "")), &place, expected).await);
    }
    for (text, place, expected) in [
        ("[]", "1:1", "is a list, expected an object"),
        ("{}", "1:1", "`offerId` is missing"),
        ("{\n\"offerId\": \" \"}", "2:12", "/offerId: is empty"),
        ("", "1:1", "EOF while parsing"),
        ("{\"offerId\": \"app\",\n\n", "3:1", "EOF while parsing"),
        ("{\"offerId\": \"app\"\n \"type\": 1}", "2:2", "expected `,` or `}`"),
    ] {
        wrong.extend(accepted(&env, &path, text, place, expected).await);
    }
    let path = folder.path().join("offer.yaml");
    for (rest, place, expected) in YAML {
        wrong.extend(accepted(&env, &path, &format!("{YAML_HEAD}{rest}"), place, expected).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The column of the marked place: the text has a space in front, and columns start with 1.
fn column(text: &str) -> usize {
    text.chars().position(|c| c == '▸').unwrap() + 2
}

#[tokio::test]
async fn a_finding_has_file_line_and_column() {
    let mut wrong = Vec::new();
    for (rest, expected) in FINDINGS {
        let text = format!("{HEAD}{}", rest.replace('▸', ""));
        let manifest = OfferManifest::from_json("offers/offer.json", &text).unwrap();
        let findings = manifest.check().await.unwrap();
        let place = format!("offers/offer.json:2:{}: ", column(rest));
        let is_it = |text: &String| text.starts_with(&place) && text.contains(expected);
        if !findings.iter().map(ToString::to_string).any(|text| is_it(&text)) {
            wrong.push(format!("{rest}\n  expected at {place} {expected}\n{findings:#?}"));
        }
        let located = |key: &str| findings.iter().all(|finding| finding.extra.contains_key(key));
        assert!(["pointer", "file", "line", "column"].into_iter().all(located), "{findings:#?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ten levels of anchors with ten references each are 10^10 texts.
#[tokio::test]
async fn anchors_of_doom_are_an_error() {
    let env = TestEnv::start().await;
    let folder = Folder::new("bad-anchors");
    let mut doom = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='j').zip('a'..) {
        doom += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(", "));
    }
    let path = folder.path().join("offer.yaml");
    std::fs::write(&path, format!("{YAML_HEAD}{doom}")).unwrap();
    let error = error_of(&env.client, &path).await;
    let message = error.to_string();
    assert!(message.starts_with(&format!("{}:", path.display())), "{message}");
    assert!(env.sandbox.calls().is_empty());
}

/// A text too large to be a manifest is not read.
#[tokio::test]
async fn a_file_that_is_too_large_is_an_error() {
    let env = TestEnv::start().await;
    let folder = Folder::new("bad-large");
    let path = folder.path().join("offer.json");
    std::fs::File::create(&path).unwrap().set_len(17 << 20).unwrap();
    let message = error_of(&env.client, &path).await.to_string();
    assert!(message.contains("has 17825792 bytes, expected at most 16777216"), "{message}");
}
