//! The example `offer`: every command, its output and its exit codes. It never reaches the real service.

use crate::manifest::{Folder, files};
use partner_tests::process::build;
use partner_tests::test_env::TestEnv;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

pub(crate) static OFFER: LazyLock<PathBuf> =
    LazyLock::new(|| build(&["--package", "partner-ingestion-sdk", "--examples"]).join("examples/offer"));

fn run(folder: &Path, args: &str) -> (i32, String, String) {
    let mut command = Command::new(&*OFFER);
    command.env("PARTNER_INGESTION_URL", "https://api.partner.microsoft.com/v1.0/ingestion");
    let output: Output =
        command.current_dir(folder).args(args.split_whitespace()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

pub(crate) fn edit(path: &Path, before: &str, after: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(before));
    std::fs::write(path, text.replace(before, after)).unwrap();
}

/// A folder with an export of the sample.
pub(crate) fn exported(name: &str) -> Folder {
    let folder = Folder::new(name);
    let (code, out, err) = run(folder.path(), "export contoso-app contoso --live-state");
    assert_eq!((code, out.contains("contoso-app: 2 plans written to contoso")), (0, true), "{out}{err}");
    folder
}

#[test]
fn a_change_is_shown_applied_and_published() {
    let folder = exported("example-change");
    assert_eq!(run(folder.path(), "diff contoso").0, 0);
    let (code, out, _) = run(folder.path(), "apply contoso --publish");
    assert!(code == 0 && out.contains("contoso  0        nothing to publish"), "{out}");
    edit(&folder.path().join("contoso/offer.json"), "Reports for every team", "Now faster");
    let change = "~ /listings/en-us/summary: \"Reports for every team\" -> \"Now faster\"\n";
    let (code, out, err) = run(folder.path(), "diff contoso");
    assert_eq!((code, out.as_str()), (3, change), "{err}");
    let (code, out, _) = run(folder.path(), "diff contoso --format markdown");
    assert!(code == 3 && out.contains("### offer, Listing en-us"), "{out}");
    let (code, out, _) = run(folder.path(), "diff contoso --format json");
    let changes: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, changes[0]["pointer"].as_str()), (3, Some("/listings/en-us/summary")));
    edit(&folder.path().join("contoso/offer.json"), "\"template\": {", "\"template-2\": {");
    let (code, out, _) = run(folder.path(), "diff contoso");
    assert!(
        code == 3 && out.contains("- /plans/template: ") && out.ends_with("deleted with `apply --prune`.\n"),
        "{out}"
    );
    let (_, out, _) = run(folder.path(), "apply contoso --dry-run");
    assert!(out.contains("`apply --prune`") && out.contains("contoso  2        not applied"), "{out}");
    let (_, out, _) = run(folder.path(), "apply contoso --dry-run --prune");
    assert!(!out.contains("`apply --prune`") && out.contains("contoso  3        not applied"), "{out}");
    edit(&folder.path().join("contoso/offer.json"), "\"template-2\": {", "\"template\": {");
    let (code, out, _) = run(folder.path(), "apply contoso --dry-run");
    assert!(code == 0 && out.contains(change) && out.contains("not applied"), "{out}");
    let (code, out, _) = run(folder.path(), "apply contoso --publish");
    assert_eq!(code, 0);
    assert!(
        out.contains("contoso-app  offer, Listing en-us: changed") && out.contains("contoso  1        live"),
        "{out}"
    );
    assert!(!out.contains('\x1b'), "color without a terminal");
}

#[test]
fn a_copy_is_applied_and_one_failure_does_not_stop_the_others() {
    let folder = exported("example-several");
    assert_eq!(run(folder.path(), "clone contoso fabrikam-app").0, 0);
    let (original, copy) = (files(&folder.path().join("contoso")), files(&folder.path().join("fabrikam-app")));
    assert_eq!(original.len(), copy.len());
    let differ = original.iter().zip(&copy).filter(|(left, right)| left != right).map(|(file, _)| file.0.as_str());
    assert_eq!(differ.collect::<Vec<_>>(), ["offer.json"]);
    let (code, _, err) = run(folder.path(), "clone contoso fabrikam-app");
    assert!(code == 1 && err.contains("is not empty"), "{err}");
    let (code, _, err) = run(folder.path(), "apply contoso contoso");
    assert!(code == 1 && err.contains("which is also the offer id of contoso"), "{err}");
    let (code, out, err) = run(folder.path(), "apply contoso missing fabrikam-app");
    assert_eq!(code, 1);
    assert!(out.contains("missing       0        failed") && out.contains("applied"), "{out}");
    assert!(err.contains("1 of 3 offers failed"), "{err}");
}

#[test]
fn check_reports_what_publishing_requires() {
    let folder = exported("example-check");
    assert_eq!(run(folder.path(), "check contoso"), (0, "contoso: no findings\n".to_owned(), String::new()));
    edit(&folder.path().join("contoso/offer.json"), "Reports for every team", "");
    let (code, out, _) = run(folder.path(), "check contoso");
    assert!(
        code == 1 && out.contains("contoso/offer.json:") && out.contains("/listings/en-us: summary is missing"),
        "{out}"
    );
    std::fs::create_dir(folder.path().join("bad")).unwrap();
    std::fs::write(folder.path().join("bad/offer.json"), "{}").unwrap();
    let (code, out, err) = run(folder.path(), "check bad contoso");
    assert!(code == 1 && out.starts_with("bad: failed\ncontoso: 1 finding\n"), "{out}");
    assert!(err.contains("bad/offer.json:1:1: /: `offerId` is missing"), "{err}");
    std::fs::write(folder.path().join("contoso/en-us/logo-large.png"), "text").unwrap();
    let (code, out, _) = run(folder.path(), "check contoso");
    assert!(code == 1 && out.contains("is no PNG image"), "{out}");
    let (code, _, err) = run(folder.path(), "apply contoso --publish");
    assert!(code == 1 && err.contains("offer.json:") && err.contains("Nothing was sent"), "{err}");
}

#[test]
fn a_folder_of_offers_is_applied_with_a_limit() {
    let folder = exported("example-folder");
    std::fs::create_dir(folder.path().join("offers")).unwrap();
    std::fs::rename(folder.path().join("contoso"), folder.path().join("offers/contoso")).unwrap();
    for id in ["fabrikam", "wingtip"] {
        assert_eq!(run(folder.path(), &format!("clone offers/contoso {id}")).0, 0);
    }
    edit(&folder.path().join("offers/wingtip/offer.json"), "\"plans\"", "\"plan\"");
    let (code, out, err) = run(folder.path(), "apply offers --at-a-time 2");
    assert!(code == 1 && err.contains("did you mean `plans`?") && err.contains("1 of 3 offers failed"), "{err}");
    assert!(out.contains("offers/fabrikam") && out.contains("applied") && out.contains("no changes"), "{out}");
    assert_eq!(run(folder.path(), "apply offers --at-a-time 0").0, 2);
}

/// Both commands use the sandbox of the test.
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_taken_live_by_the_next_apply() {
    let env = TestEnv::start().await;
    let folder = exported("example-preview");
    let (url, path) = (env.sandbox.url(), folder.path().to_owned());
    let account = [
        ("AZURE_TENANT_ID", env.sandbox.tenant()),
        ("AZURE_CLIENT_ID", env.sandbox.client_id()),
        ("AZURE_CLIENT_SECRET", env.sandbox.client_secret()),
    ];
    let apply = |stage: &str| {
        let mut command = Command::new(&*OFFER);
        command.current_dir(&path).envs(account.clone()).args(["apply", "contoso", stage, "--sandbox", &url]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    tokio::task::block_in_place(|| {
        for (stage, expected) in
            [("--publish=preview", "preview"), ("--publish", "live"), ("--publish", "nothing to publish")]
        {
            let (code, out, err) = apply(stage);
            assert!(code == Some(0) && out.lines().last().is_some_and(|line| line.ends_with(expected)), "{out}{err}");
        }
    });
}

#[test]
fn invalid_arguments_and_help() {
    let folder = Folder::new("example-arguments");
    for command in ["", "export", "diff", "check", "apply", "clone", "import-azpc", "schema"] {
        let (code, out, _) = run(folder.path(), &format!("{command} --help"));
        assert!(code == 0 && out.contains("Usage: offer"), "{command}: {out}");
    }
    let bad = [
        "",
        "export a",
        "diff a --format xml",
        "apply",
        "diff a --live --sandbox http://127.0.0.1:1",
        "apply a --publish=no",
    ];
    for args in bad {
        assert_eq!(run(folder.path(), args).0, 2, "{args}");
    }
    let (code, out, _) = run(folder.path(), "schema");
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && schema["properties"]["offerId"].is_object());
    let (code, _, err) = run(folder.path(), "diff nowhere");
    assert!(
        code == 1 && err.contains("nowhere cannot be read") && err.contains("Pass the folder of an offer"),
        "{err}"
    );
    let (code, _, err) = run(folder.path(), "export a b --sandbox https://partner.example/v1.0/ingestion");
    assert!(code == 1 && err.contains("error:"), "{err}");
}

#[test]
fn live_requires_confirmation_before_applying() {
    let folder = exported("example-live");
    let (code, _, err) = run(folder.path(), "apply contoso --live");
    assert!(code == 1 && err.contains("requires confirmation at a terminal"), "{err}");
}

#[test]
fn the_files_of_azpc_are_imported() {
    let folder = Folder::new("example-azpc");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partner-ingestion-sdk/examples/offer-sample");
    let app = folder.path().join("app");
    std::fs::create_dir(&app).unwrap();
    for file in ["en-us/logo-large.png", "packages/app.zip"] {
        std::fs::copy(sample.join(file), app.join(file.rsplit('/').next().unwrap())).unwrap();
    }
    let manifest =
        "name: wingtip\nplan_name: gold-plan\napp_path: app\napp: app.zip\njson_listing_config: listing.json\n";
    std::fs::write(folder.path().join("manifest.yml"), manifest).unwrap();
    let listing = r#"{
        "offer_setup": {"alias": "wt"},
        "property_settings": {"leveledCategories": {"compute-azure-apps": ["application-infrastructure"]}},
        "offer_listing": {"title": "Wingtip", "short_description": "Toys", "keywords": ["toys"],
            "listing_logos": {"logo_large": "logo-large.png"}, "reseller_channel": "Enabled"},
        "preview_audience": {"subscriptions": ["11111111-2222-3333-4444-555555555555"]},
        "plan_overview": [{"plan_listing": {"title": "Gold"},
            "pricing_and_availability": {"visibility": "private", "azure_private_subscriptions": [{"ID": "11111111-2222-3333-4444-555555555555"}]},
            "technical_configuration": {"version": "2.0.0", "tenant_id": "11111111-2222-3333-4444-555555555555",
                "authorizations": [{"id": "11111111-2222-3333-4444-555555555555", "role": "Contributor"}]}}]
    }"#;
    std::fs::write(app.join("listing.json"), listing).unwrap();
    let (code, _, err) = run(folder.path(), "import-azpc . wingtip");
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("/offer_setup has no place in the manifest"), "{err}");
    let text = std::fs::read_to_string(folder.path().join("wingtip/offer.json")).unwrap();
    let offer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(offer["listings"]["en-us"]["shortDescription"], "Toys");
    assert_eq!(offer["property"]["appVersion"], "2.0.0");
    let plan = &offer["plans"]["gold-plan"];
    assert_eq!(
        (&plan["subType"], &plan["availability"]["visibility"]),
        (&"managed-application".into(), &"Private".into())
    );
    let role = &plan["configuration"]["publicAzureAuthorizations"][0]["roleDefinitionID"];
    assert_eq!(role, "b24988ac-6180-42a0-ab88-20f7382dd24c");
    let (code, out, err) = run(folder.path(), "apply wingtip");
    assert!(code == 0 && out.contains("applied"), "{out}{err}");
    std::fs::write(folder.path().join("manifest.yml"), "name: wingtip\n").unwrap();
    let (code, _, err) = run(folder.path(), "import-azpc manifest.yml other");
    assert!(code == 1 && err.contains("`json_listing_config` is missing"), "{err}");
}

/// The session in the README: its commands exist and print what it shows.
#[test]
fn the_session_in_the_readme_is_what_the_example_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for readme in ["README.md", "partner-ingestion-sdk/README.md"] {
        let text = std::fs::read_to_string(root.join(readme)).unwrap();
        let session = text.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).expect(readme);
        let folder = Folder::new("example-readme");
        let mut commands = 0;
        for part in session.split("$ ").skip(1) {
            let (command, shown) = part.split_once('\n').unwrap();
            if let Some(args) = command.strip_prefix("offer ") {
                let (_, out, err) = run(folder.path(), args);
                let sorted = |text: &str| {
                    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
                    lines.sort();
                    lines
                };
                assert_eq!(sorted(&out), sorted(shown), "{readme}: {command}\n{err}");
                commands += 1;
            } else {
                assert!(command.starts_with("sed -i 's/Reports for every team/Now faster/'"), "{command}");
                edit(&folder.path().join("contoso/offer.json"), "Reports for every team", "Now faster");
            }
        }
        assert!(commands >= 4, "{readme}");
    }
}
