//! Reading and writing manifests.

use super::*;
use crate::types::*;
use crate::{Error, ErrorKind};
use std::collections::BTreeSet;

/// The wire names of the properties of a type in the generated types.
pub(super) fn properties_of_type(kind: &str) -> BTreeSet<&'static str> {
    let types = include_str!("../../generated/types.rs");
    let (mut names, mut wire_name) = (BTreeSet::new(), None);
    for line in types.lines() {
        let line = line.trim();
        if let Some((_, rest)) = line.split_once("rename = \"") {
            wire_name = rest.split('"').next();
        }
        if let Some((name, type_name)) = line.strip_prefix("pub ").and_then(|line| line.split_once(": ")) {
            let inner = type_name.trim_start_matches("Option<").trim_start_matches("Vec<").trim_end_matches([',', '>']);
            if inner == kind {
                names.insert(wire_name.unwrap_or(name));
            }
            wire_name = None;
        }
    }
    assert!(names.len() > 2, "{kind}: {names:?}");
    names
}

const COMPLETE: &str = r#"{
  "cosell": {
    "documents": [
      {
        "file": "files/deck.pdf",
        "type": "SolutionPitchDeck"
      }
    ],
    "offerType": "Application"
  },
  "leads": {
    "connectionString": {
      "env": "LEADS"
    },
    "resourceType": "AzureTableLeadConfiguration"
  },
  "listings": {
    "en-us": {
      "documents": [],
      "images": [
        {
          "file": "files/logo.png",
          "order": 1,
          "type": "AzureLogoLarge"
        }
      ],
      "keywords": [],
      "newField": {
        "a": 1.0
      },
      "title": "Contoso",
      "videos": [
        {
          "streamingUri": "https://vimeo.com/1",
          "thumbnail": {
            "file": "files/video.png",
            "title": "A tour"
          }
        }
      ]
    }
  },
  "name": "Contoso",
  "offerId": "contoso-app",
  "plans": {
    "standard": {
      "availability": {
        "customMeters": [
          {
            "ID": "seats",
            "priceInUsd": 0.10
          }
        ],
        "visibility": "Public"
      },
      "configuration": {
        "version": "1.0.0"
      },
      "friendlyName": "Standard",
      "listings": {
        "en-us": {
          "title": "Standard"
        }
      },
      "package": {
        "file": "files/app.zip"
      },
      "subType": "managed-application"
    }
  },
  "property": {
    "useEnterpriseContract": true
  },
  "type": "AzureApplication"
}
"#;

#[test]
fn a_manifest_is_written_as_it_was_read() {
    let manifest = OfferManifest::from_json("offer.json", COMPLETE).unwrap();
    assert_eq!(manifest.to_json(), COMPLETE);
    let plan = &manifest.plans["standard"];
    let Variant::AzureSku(sku) = plan.plan.to_resource().unwrap() else { panic!("{:?}", plan.plan) };
    assert_eq!(sku.friendly_name.as_deref(), Some("Standard"));
    assert_eq!(manifest.listings["en-us"].videos.as_ref().unwrap()[0].file, None);
}

#[cfg(feature = "yaml")]
#[test]
fn yaml_and_json_have_the_same_manifest() {
    let manifest = OfferManifest::from_json("offer.json", COMPLETE).unwrap();
    let yaml = manifest.to_yaml().unwrap();
    assert_eq!(OfferManifest::from_yaml("offer.yaml", &yaml).unwrap(), manifest, "{yaml}");
    let short = "offerId: contoso-app\ntype: AzureApplication\nname: Contoso\nlistings:\n  en-us:\n    title: Contoso # a comment\n";
    let read = OfferManifest::from_yaml("offer.yaml", short).unwrap();
    assert_eq!(read.listings["en-us"].listing.to_resource().unwrap().title.as_deref(), Some("Contoso"));
}

#[test]
fn a_part_of_a_resource_has_nothing_that_the_service_assigns() {
    let image: ListingImage = serde_json::from_str(
        r#"{"resourceType":"ListingImage","id":"7","@odata.etag":"\"a\"","fileName":"logo.png","state":"Uploaded",
            "fileSasUri":"https://x.example/?sig=1","type":"AzureLogoLarge","order":0,"newField":[1]}"#,
    )
    .unwrap();
    let part = Part::new(&image).unwrap();
    assert_eq!(serde_json::to_string(&part).unwrap(), r#"{"newField":[1],"order":0,"type":"AzureLogoLarge"}"#);

    let lead: LeadConfiguration = serde_json::from_str(
        r#"{"resourceType":"DynamicsCustomerRelationshipManagementLeadConfiguration","password":"p4ss","uri":"https://a.example"}"#,
    )
    .unwrap();
    let text = serde_json::to_string(&Part::new(&lead).unwrap()).unwrap();
    assert!(text.contains(r#""password":{"env":"PASSWORD"}"#) && !text.contains("p4ss"), "{text}");

    let variant: Variant = serde_json::from_str(
        r#"{"resourceType":"AzureTestDriveVariant","id":"testdrive","testDriveType":"AzureResourceManager"}"#,
    )
    .unwrap();
    let text = serde_json::to_string(&Part::new(&variant).unwrap()).unwrap();
    assert_eq!(text, r#"{"resourceType":"AzureTestDriveVariant","testDriveType":"AzureResourceManager"}"#);
}

#[test]
fn a_part_changes_only_what_it_names() {
    let current: AzureListing =
        serde_json::from_str(r#"{"id":"1","@odata.etag":"\"a\"","title":"Old","summary":"Kept","keywords":["a","b"]}"#)
            .unwrap();
    let part: Part<AzureListing> = serde_json::from_str(r#"{"title":"New","keywords":[]}"#).unwrap();
    let merged = part.merge_into(&current, &secrets::Secrets::default()).unwrap();
    let expected: AzureListing =
        serde_json::from_str(r#"{"id":"1","@odata.etag":"\"a\"","title":"New","summary":"Kept","keywords":[]}"#)
            .unwrap();
    assert_eq!(merged, expected);

    let table: LeadConfiguration =
        serde_json::from_str(r#"{"resourceType":"AzureTableLeadConfiguration","contactEmail":"a@b.example"}"#).unwrap();
    let part: Part<LeadConfiguration> =
        serde_json::from_str(r#"{"resourceType":"MarketoLeadConfiguration","formID":"7"}"#).unwrap();
    let merged = part.merge_into(&table, &secrets::Secrets::default()).unwrap();
    assert_eq!(serde_json::to_string(&merged).unwrap(), r#"{"formID":"7","resourceType":"MarketoLeadConfiguration"}"#);
}

#[test]
fn secrets_are_read_when_they_are_needed() {
    let part: Part<LeadConfiguration> = serde_json::from_str(
        r#"{"resourceType":"AzureTableLeadConfiguration","connectionString":{"env":"PARTNER_TEST_NO_SUCH_VARIABLE"}}"#,
    )
    .unwrap();
    let error = part.to_resource().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Manifest);
    assert!(
        error.to_string().contains("`connectionString` cannot be read from the variable PARTNER_TEST_NO_SUCH_VARIABLE")
    );
    let secrets = secrets::Secrets {
        values: [("PARTNER_TEST_NO_SUCH_VARIABLE".to_owned(), "hidden".to_owned())].into(),
        ..secrets::Secrets::default()
    };
    let lead = part.resolve(&secrets).unwrap();
    assert!(!format!("{lead:?} {part:?}").contains("hidden"));
    assert!(serde_json::to_string(&lead).unwrap().contains("hidden"));
}

fn message(outcome: Result<OfferManifest, Error>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Manifest, "{error}");
    error.to_string()
}

/// The rest of a file that is complete otherwise.
const HEAD: &str = "{\"offerId\": \"a\", \"type\": \"AzureApplication\", \"name\": \"A\",\n ";

#[test]
fn a_bad_file_names_line_column_and_what_to_write() {
    // The place of the error is marked with an arrow.
    for (rest, expected) in [
        (r#""plan": ▸{}}"#, "/plan: `plan` is unknown, did you mean `plans`?"),
        (r#""price": ▸1}"#, "`price` is unknown, expected one of $schema, offerId"),
        (r#""plans": ▸[]}"#, "/plans: is a list, expected an object"),
        (r#""plans": {"x": ▸1}}"#, "/plans/x: is a number, expected an object"),
        (r#""plans": {"x": ▸{}, "X": {}}}"#, "/plans/x: is the same plan id as `X`"),
        (r#""plans": {"x": {}, ▸"x": {}}}"#, "duplicate key \"x\""),
        (r#""plans": {"": ▸{}}}"#, "the key is empty"),
        (r#""plans": {"x": {"friendlyName": ▸1}}}"#, "/plans/x/friendlyName: invalid type: integer"),
        (r#""plans": {"x": {"id": ▸"7"}}}"#, "`id` is not part of a manifest, remove it: the service assigns it"),
        (r#""plans": {"x": {"externalID": ▸"7"}}}"#, "it is the key of this object"),
        (r#""plans": {"x": {"package": ▸{}}}}"#, "/plans/x/package: `file` is missing"),
        (r#""plans": {"x": {"package": {"file": ▸"/etc/passwd"}}}}"#, "expected a path relative to the manifest"),
        (r#""plans": {"x": {"package": {"file": ▸"../app.zip"}}}}"#, "expected a path relative to the manifest"),
        (r#""plans": {"x": {"package": {"file": ▸"C:app.zip"}}}}"#, "expected a path relative to the manifest"),
        (r#""plans": {"x": {"package": {"file": ▸"a\\b.zip"}}}}"#, "expected a path relative to the manifest"),
        (r#""plans": {"x": {"package": {"file": ▸1}}}}"#, "is a number, expected a text"),
        (r#""listings": {"en": {"images": ▸{}}}}"#, "is an object, expected a list"),
        (r#""listings": {"en": {"languageCode": ▸"en"}}}"#, "it is the key of this object"),
        (r#""listings": {"en": {"keywords": ▸"a"}}}"#, "/listings/en/keywords: invalid type: string"),
        (r#""setup": {"@odata.etag": ▸"1"}}"#, "`@odata.etag` is not part of a manifest"),
        (
            r#""leads": {"connectionString": ▸"AccountKey=1"}}"#,
            "is a secret, which a manifest does not contain: write {env",
        ),
        (r#""leads": {"connectionString": ▸{"env": "A", "file": "b"}}}"#, "write {env: NAME} or {file: PATH}"),
        (r#""leads": {"connectionString": ▸{"env": ""}}}"#, "write {env: NAME} or {file: PATH}"),
        (r#""previewAudience": {"audiences": ▸7}}"#, "/previewAudience/audiences: invalid type"),
    ] {
        let column = rest.find('▸').unwrap() + 2;
        let error = message(OfferManifest::from_json("offer.json", &format!("{HEAD}{}", rest.replace('▸', ""))));
        assert!(error.starts_with(&format!("offer.json:2:{column}: ")) && error.contains(expected), "{rest}\n{error}");
        assert!(!error.contains("AccountKey"), "{error}");
    }
    for (text, expected) in [
        ("[]", "is a list, expected an object"),
        ("{}", "`offerId` is missing"),
        ("{\"offerId\": \" \"}", "/offerId: is empty"),
        ("{\"offerId\": \"a\", \"type\": \"b\"}", "`name` is missing"),
        ("\u{feff}{}", "offer.json:1:1: "),
        ("", "EOF while parsing"),
        ("{\"offerId\": \"a\",\n", "EOF while parsing"),
    ] {
        let error = message(OfferManifest::from_json("offer.json", text));
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[cfg(feature = "yaml")]
#[test]
fn a_bad_yaml_file_names_line_column_and_what_to_write() {
    let head = "offerId: a\ntype: AzureApplication\nname: A\n";
    for (rest, place, expected) in [
        ("plan: {}\n", "4:7", "did you mean `plans`?"),
        ("plans:\n  x:\n    friendlyName: 1\n", "6:19", "/plans/x/friendlyName: invalid type"),
        ("plans:\n  x: {}\n  x: {}\n", "6:3", "duplicate"),
        ("plans:\n\tx: {}\n", "5:2", "tabs"),
        (
            "leads:\n  resourceType: AzureTableLeadConfiguration\n  connectionString: AccountKey=1\n",
            "6:21",
            "write {env: NAME}",
        ),
        ("name: B\n", "4:1", "duplicate"),
    ] {
        let error = message(OfferManifest::from_yaml("offer.yaml", &format!("{head}{rest}")));
        assert!(error.starts_with(&format!("offer.yaml:{place}: ")) && error.contains(expected), "{rest}\n{error}");
        assert!(!error.contains("AccountKey"), "{error}");
    }
    let mut doom = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='j').zip('a'..) {
        doom += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(", "));
    }
    let error = message(OfferManifest::from_yaml("offer.yaml", &format!("{head}{doom}")));
    assert!(error.starts_with("offer.yaml:"), "{error}");
}

#[tokio::test]
async fn a_manifest_is_found_in_its_folder() {
    let folder = std::env::temp_dir().join(format!("partner-manifest-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let error = OfferManifest::load(&folder).await.unwrap_err();
    assert!(
        error.to_string().contains("has no manifest, expected one of offer.yaml, offer.yml, offer.json"),
        "{error}"
    );
    assert_eq!(OfferManifest::load(folder.join("none.json")).await.unwrap_err().kind(), ErrorKind::Io);
    std::fs::write(folder.join("offer.json"), COMPLETE).unwrap();
    let manifest = OfferManifest::load(&folder).await.unwrap();
    assert_eq!((manifest.folder(), manifest.to_json().as_str()), (folder.as_path(), COMPLETE));
    std::fs::write(folder.join("bad.json"), "{").unwrap();
    let error = message(OfferManifest::load(folder.join("bad.json")).await);
    assert!(error.starts_with(&format!("{}:1:1: ", folder.join("bad.json").display())), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
