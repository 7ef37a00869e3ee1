//! Options of a publication.

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, IfPending, Publish};
use partner_tests::offer::{CompleteOffer, complete};
use partner_tests::test_env::TestEnv;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);

async fn start() -> (TestEnv, CompleteOffer) {
    let env = TestEnv::start().await;
    let offer = complete(&env, "app").await;
    (env, offer)
}

fn publish(env: &TestEnv, offer: &CompleteOffer) -> Publish {
    env.client.publish(&offer.product).poll_interval(MOMENT, MOMENT)
}

fn promotions(env: &TestEnv) -> usize {
    env.sandbox.calls().iter().filter(|call| call.path.ends_with("/promote")).count()
}

#[tokio::test]
async fn a_submission_that_promotes_itself_is_not_promoted_again() {
    let (env, offer) = start().await;
    let live = publish(&env, &offer).auto_promote(true).to_live().await.unwrap();
    assert_eq!((live.substate, promotions(&env)), (Some(SubmissionSubstate::InStore), 0));
}

#[tokio::test]
async fn release_time_and_manual_publish_are_sent() {
    let (env, offer) = start().await;
    let release = "2027-01-15T08:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let id =
        publish(&env, &offer).manual_publish(true).release_at(release).certification_notes("By hand").submit().await;
    let submission = env.client.get_submission(&offer.product, id.unwrap()).expand("PublishOption").await.unwrap();
    let option = submission.publish_option.clone().unwrap();
    assert_eq!(option.is_manual_publish, Some(true));
    assert_eq!(option.certification_notes.as_deref(), Some("By hand"));
    assert_eq!(option.release_time_in_utc.and_then(|time| time.to_utc()), Some(release));
}

#[tokio::test]
async fn submit_returns_without_waiting_and_wait_goes_behind_it() {
    let (env, offer) = start().await;
    let id = publish(&env, &offer).auto_promote(true).submit().await.unwrap();
    let second = publish(&env, &offer).if_pending(IfPending::Wait).await.unwrap();
    assert_ne!(second.id, Some(id));
}

#[tokio::test]
async fn only_some_modules_or_plans_are_submitted() {
    let (env, offer) = start().await;
    let drafts = publish(&env, &offer).only_modules([Module::Listing]).dry_run().await.unwrap();
    assert!(drafts.offer.iter().all(|(module, _)| *module == Module::Listing) && !drafts.offer.is_empty());
    let drafts = publish(&env, &offer).only_plans(["MANAGED"]).dry_run().await.unwrap();
    assert_eq!(drafts.variants.iter().map(|plan| plan.name.as_str()).collect::<Vec<_>>(), ["managed"]);
    let error = publish(&env, &offer).only_plans(["none"]).dry_run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("has no plan none, expected one of managed, template"), "{error}");
}

#[tokio::test]
async fn nothing_is_published_if_the_drafts_are_live() {
    let (env, offer) = start().await;
    publish(&env, &offer).only_if_changed(true).to_live().await.unwrap();
    let error = publish(&env, &offer).only_if_changed(true).to_live().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NothingToPublish);
    publish(&env, &offer).to_live().await.unwrap();
}
