//! Booleans, enums, dates and policies: every value, or those of the edges, of the functions that take one.

use super::numbers::{apply, call, publish, sandbox};
use super::{Row, row, run};
use chrono::{DateTime, Utc};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{IfPending, RetryPolicy};
use partner_sandbox::{Incident, Sandbox, SubmissionOutcome};
use partner_tests::test_env::{TestEnv, checked};
use std::time::Duration;

/// The number of a value. Functions with fewer values get some of them again.
type Choice = usize;

const CHOICES: [Choice; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

fn on(x: Choice) -> bool {
    x.is_multiple_of(2)
}

fn one<T: Clone>(x: Choice, values: &[T]) -> T {
    values[x % values.len()].clone()
}

fn date(x: Choice) -> DateTime<Utc> {
    one(x, &[DateTime::<Utc>::MIN_UTC, DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC])
}

fn policy(x: Choice) -> RetryPolicy {
    let most = RetryPolicy::default().max_attempts(u32::MAX);
    one(x, &[RetryPolicy::none(), most.time_limit(Duration::ZERO), most.time_limit(Duration::MAX)])
}

fn outcome(x: Choice) -> SubmissionOutcome {
    one(
        x,
        &[
            SubmissionOutcome::Pass,
            SubmissionOutcome::FailCreation,
            SubmissionOutcome::Fail,
            SubmissionOutcome::FailCertification,
            SubmissionOutcome::FailPromotion,
            SubmissionOutcome::Archived,
            SubmissionOutcome::NotSet,
            SubmissionOutcome::ModularCert,
            SubmissionOutcome::Shadow,
        ],
    )
}

fn partner_ingestion_sdk() -> Vec<Row<Choice>> {
    vec![
        row("Apply::check", |x| apply(move |apply| apply.check(on(x)))),
        row("Apply::prune", |x| apply(move |apply| apply.prune(on(x)))),
        row("ClientBuilder::refresh_token_on_forbidden", |x| {
            call(move |builder| builder.refresh_token_on_forbidden(on(x)))
        }),
        row("ClientBuilder::retry", |x| call(move |builder| builder.retry(policy(x)))),
        row("Publish::auto_promote", |x| publish(move |publish| publish.auto_promote(on(x)))),
        row("Publish::if_pending", |x| {
            let all = [IfPending::Refuse, IfPending::Adopt, IfPending::Cancel, IfPending::Wait];
            publish(move |publish| publish.if_pending(one(x, &all)))
        }),
        row("Publish::manual_publish", |x| publish(move |publish| publish.manual_publish(on(x)))),
        row("Publish::only_if_changed", |x| publish(move |publish| publish.only_if_changed(on(x)))),
        row("Publish::only_modules", |x| {
            let some =
                [vec![], vec![Module::from("\0")], vec![Module::from(""), Module::Listing], Module::KNOWN.to_vec()];
            publish(move |publish| publish.only_modules(one(x, &some)))
        }),
        row("Publish::release_at", |x| publish(move |publish| publish.release_at(date(x)))),
        row("Timestamp::From<DateTime<Utc>>", |x| async move {
            let timestamp = Timestamp::from(date(x));
            drop((timestamp.to_utc(), timestamp.to_string()));
        }),
        row("call_options!::retry", |x| async move {
            let env = TestEnv::start().await;
            let _ = env.client.list_products().retry(policy(x)).send().await;
        }),
    ]
}

fn partner_sandbox() -> Vec<Row<Choice>> {
    vec![
        row("Sandbox::set_next_outcome", |x| async move {
            let env = TestEnv::start_lenient().await;
            env.sandbox.set_next_outcome(outcome(x));
            super::numbers::process(&env.client).await;
        }),
        row("Sandbox::start_incident", |x| async move {
            let env = TestEnv::with_builder(checked(Sandbox::builder()).without_rules()).await;
            drop(env.sandbox.start_incident(one(x, &Incident::ALL)));
            super::numbers::process(&env.client).await;
        }),
        row("Sandbox::stop_incident", |x| async move {
            let env = TestEnv::with_builder(checked(Sandbox::builder()).without_rules()).await;
            env.sandbox.stop_incident(one(x, &Incident::ALL));
            super::numbers::process(&env.client).await;
        }),
        row("SandboxBuilder::control", |x| sandbox(move |builder| builder.control(on(x)))),
        row("SandboxBuilder::incident", |x| sandbox(move |builder| builder.incident(one(x, &Incident::ALL)))),
    ]
}

pub(super) fn rows() -> [Vec<Row<Choice>>; 2] {
    [partner_ingestion_sdk(), partner_sandbox()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_choice_does_not_panic() {
    assert_eq!(run(rows().into_iter().flatten(), &CHOICES).await, Vec::<String>::new());
}
