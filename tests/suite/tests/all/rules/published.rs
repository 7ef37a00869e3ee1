//! The rules that compare a draft with what is published.

use super::samples::{change, path};
use super::table::At;
use super::{found, publish, refused, set, start};
use partner_ingestion_sdk::reqwest::Method;
use partner_sandbox::SandboxBuilder;
use partner_tests::offer::{CompleteOffer, GUID, complete};
use partner_tests::test_env::TestEnv;
use serde_json::{Value, json};

/// An offer that is live under the standard contract.
async fn live(env: &TestEnv) -> CompleteOffer {
    let offer = complete(env, "app").await;
    change(env, &path(env, &offer, At::Property).await, &json!({"useEnterpriseContract": true})).await;
    publish(env, &offer.product).to_live().send().await.unwrap();
    offer
}

#[tokio::test]
async fn a_draft_is_compared_with_what_is_published() {
    let env = start(|sandbox| sandbox).await;
    let offer = live(&env).await;
    let private = json!({"visibility": "Private", "subscriptionAudiences": [{"ID": GUID}]});
    let policies = json!([{"policyDefinitionID": "a", "policyName": "p"}]);
    let table = [
        (
            "contract-kept",
            At::Property,
            json!({"useEnterpriseContract": false, "termsOfUse": "T"}),
            json!({"appVersion": "2"}),
        ),
        ("visibility-kept", At::Managed, private, json!({"subscriptionAudiences": [{"ID": GUID}]})),
        (
            "managed-version-raised",
            At::ManagedPackage,
            json!({"policies": policies}),
            json!({"policies": policies, "version": "1.0.1"}),
        ),
        ("template-version-raised", At::TemplatePackage, json!({"version": "0.9.0"}), json!({"version": "1.0.0"})),
    ];
    assert_eq!(found(&env, &offer.product).await, set(&[]), "nothing changed");
    let mut wrong = Vec::new();
    for (rule, at, fails, passes) in table {
        let path = path(&env, &offer, at).await;
        for (patch, expected) in [(fails, set(&[rule])), (passes, set(&[]))] {
            let before = change(&env, &path, &patch).await;
            let (refused, found) = (refused(&env, &offer.product).await, found(&env, &offer.product).await);
            if refused != expected || found != expected {
                wrong.push(format!("{rule}, {patch}: sandbox {refused:?}, check {found:?}, expected {expected:?}"));
            }
            env.send_json(Method::PUT, &path, before, Some("*")).await.unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The service has one version of a plan, so a change is refused at once.
#[tokio::test]
async fn a_plan_keeps_its_id_and_its_published_clouds() {
    for strict in [true, false] {
        let off = ["plan-id-kept", "plan-cloud-kept"];
        let env =
            start(|sandbox| if strict { sandbox } else { off.into_iter().fold(sandbox, SandboxBuilder::without_rule) });
        let env = env.await;
        let offer = complete(&env, "app").await;
        let path = path(&env, &offer, At::Plan).await;
        let both = change(&env, &path, &json!({"cloudAvailabilities": ["public-azure", "azure-gov"]})).await;
        change(&env, &path, &both).await;
        publish(&env, &offer.product).to_live().send().await.unwrap();
        for (patch, message) in [
            (json!({"externalID": "other"}), "\"managed\" cannot change to \"other\""),
            (json!({"cloudAvailabilities": ["azure-gov"]}), "\"public-azure\" is published and must stay"),
        ] {
            let mut plan = env.send_json(Method::GET, &path, Value::Null, None).await.unwrap();
            plan.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
            let changed = env.send_json(Method::PUT, &path, plan, Some("*")).await;
            assert_eq!(changed.is_err(), strict, "{patch}");
            assert!(changed.err().is_none_or(|error| error.to_string().contains(message)), "{patch}");
        }
    }
}
