//! The CI workflows of the page "Offers as files": their scripts are run against a sandbox.
#![cfg(unix)]

use crate::example_offer::{OFFER, edit, exported};
use partner_tests::test_env::TestEnv;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../../../partner-ingestion-sdk/src/docs/offers_as_files.md");

/// The workflows of the page, in its order: GitHub Actions, Azure Pipelines.
fn workflows() -> [Value; 2] {
    let blocks = PAGE.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let blocks: Vec<Value> = blocks.map(|text| serde_saphyr::from_str(text).unwrap()).collect();
    blocks.try_into().unwrap()
}

/// Runs a script with the account of the sandbox instead of that of the real service. Returns its exit code and what it printed.
fn run(env: &TestEnv, folder: &Path, script: &str) -> (Option<i32>, String) {
    assert!(script.contains("--live"), "{script}");
    let script = script.replace(" --live", "").replace(" --yes", "");
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("bash");
    command.current_dir(folder).args(["-e", "-o", "pipefail", "-c", &script]).stdin(Stdio::null());
    command.env("PATH", format!("{}:{path}", OFFER.parent().unwrap().display()));
    command.env("PARTNER_INGESTION_URL", env.sandbox.url()).env("GITHUB_STEP_SUMMARY", folder.join("diff.md"));
    command.env("AZURE_TENANT_ID", env.sandbox.tenant()).env("AZURE_CLIENT_ID", env.sandbox.client_id());
    command.env("AZURE_CLIENT_SECRET", env.sandbox.client_secret());
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code(), text)
}

/// Publishes an offer with the script for a merge, edits it, and compares it with the script for a pull request.
async fn check(name: &str, diff: &str, apply: &str) {
    let env = TestEnv::start().await;
    let folder = exported(name);
    let offers = folder.path().join("offers");
    std::fs::create_dir(&offers).unwrap();
    std::fs::rename(folder.path().join("contoso"), offers.join("contoso")).unwrap();
    let (code, text) = run(&env, folder.path(), diff);
    assert_eq!(code, Some(0), "{text}");
    let new = std::fs::read_to_string(folder.path().join("diff.md")).unwrap();
    assert!(new.starts_with("## offers/contoso/\n### ") && new.contains("| + | `/plans/managed` |"), "{new}");
    let (code, text) = run(&env, folder.path(), apply);
    assert!(code == Some(0) && text.contains("live"), "{text}");

    std::fs::remove_file(folder.path().join("diff.md")).unwrap();
    edit(&offers.join("contoso/offer.json"), "Reports for every team", "Now faster");
    let (code, text) = run(&env, folder.path(), diff);
    assert_eq!(code, Some(0), "{text}");
    let changes = std::fs::read_to_string(folder.path().join("diff.md")).unwrap();
    assert_eq!(changes.matches("| ~ |").count(), 1, "{changes}");
    assert!(
        changes.contains("| ~ | `/listings/en-us/summary` | \"Reports for every team\" | \"Now faster\" |"),
        "{changes}"
    );

    edit(&offers.join("contoso/offer.json"), "\"plans\"", "\"plan\"");
    for script in [diff, apply] {
        let (code, text) = run(&env, folder.path(), script);
        assert!(code == Some(1) && text.contains("did you mean `plans`?"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_of_github_actions_shows_the_diff_and_applies() {
    let [github, _] = workflows();
    let step = |job: &str| github["jobs"][job]["steps"][1]["run"].as_str().unwrap().to_owned();
    assert_eq!(github["permissions"]["id-token"], "write");
    check("workflow-github", &step("diff"), &step("apply")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pipeline_of_azure_shows_the_diff_and_applies() {
    let [_, azure] = workflows();
    let script = azure["steps"][0]["inputs"]["inlineScript"].as_str().unwrap();
    let of = |reason: &str| script.replace("$(Build.Reason)", reason);
    check("workflow-azure", &of("PullRequest"), &of("IndividualCI")).await;
}
