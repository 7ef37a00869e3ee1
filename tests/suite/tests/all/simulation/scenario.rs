//! What happens in a run: everything follows from its seed.

use super::check;
use super::faults;
use super::log::Log;
use super::program::{OFFER, Program, Steps, plan};
use crate::concurrency::dropped_after;
use fastrand::Rng;
use futures_util::FutureExt;
use futures_util::future::join_all;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, IfPending, RetryPolicy};
use partner_sandbox::{Incident, Sandbox};
use partner_tests::test_env::{client_builder, token_source};
use std::time::Duration;

/// How often a program starts again. All faults are over before.
const MAX_STARTS: usize = 150;
/// The longest step of the paused clock, which the sandbox's clock follows.
const STEP: Duration = Duration::from_millis(250);
/// The interval of polls before the faults begin.
const MOMENT: Duration = Duration::from_millis(20);
/// The virtual time after which a run counts as hanging.
const MAX_TIME: Duration = Duration::from_secs(6 * 3600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One program, and one lost response, which the program must not notice.
    OneLostResponse,
    /// One program and many faults.
    Faults,
    /// One program whose futures are dropped, too.
    Drops,
    /// Two programs at the same time, and many faults.
    TwoPrograms,
}

#[derive(Debug)]
pub(super) struct Scenario {
    kind: Kind,
    pub(super) steps: Steps,
    processing_delay: Duration,
    /// Whether new resources are missing for a moment, also in lists.
    pub(super) is_late: bool,
    retries: bool,
    gap: usize,
    /// The submission that is in preview when the programs start.
    pub(super) earlier: Option<SubmissionId>,
    has_earlier: bool,
}

impl Scenario {
    fn new(rng: &mut Rng) -> Self {
        let kind = match rng.u8(0..8) {
            0 | 1 => Kind::OneLostResponse,
            2 | 3 => Kind::Faults,
            4 | 5 => Kind::Drops,
            _ => Kind::TwoPrograms,
        };
        let two = kind == Kind::TwoPrograms;
        let publish = match rng.u8(0..6) {
            0 | 1 => Some(IfPending::Adopt),
            2 => Some(IfPending::Refuse),
            // Two programs would cancel each other's submission again and again.
            3 if !two => Some(IfPending::Cancel),
            _ => None,
        };
        let steps = Steps {
            changes: rng.usize(1..=3),
            prices: rng.u8(0..4) == 0,
            image: rng.u8(0..4) == 0,
            package: rng.u8(0..3) == 0,
            publish,
            ensure_files: kind == Kind::Drops || two || rng.bool(),
        };
        Self {
            kind,
            steps,
            processing_delay: Duration::from_millis([0, 300, 2_000][rng.usize(0..3)]),
            is_late: kind != Kind::OneLostResponse && rng.u8(0..4) == 0,
            retries: kind == Kind::OneLostResponse || rng.bool(),
            gap: [2, 5, 15][rng.usize(0..3)],
            earlier: None,
            has_earlier: kind != Kind::OneLostResponse && publish.is_some() && rng.u8(0..3) == 0,
        }
    }

    fn client(&self, sandbox: &Sandbox) -> Client {
        let retry = if self.retries { RetryPolicy::default() } else { RetryPolicy::none() };
        let builder = client_builder().base_url(sandbox.url()).token_provider(token_source(sandbox));
        builder.retry(retry).attempt_timeout(Duration::from_secs(20)).build().unwrap()
    }
}

/// What happened in a run without violations.
pub(super) struct Summary {
    /// The number of errors that the programs got.
    pub(super) errors: usize,
    /// The requests and their outcomes, in their order.
    pub(super) requests: Vec<String>,
}

/// Runs the programs of a seed and checks the state at the end.
pub(super) async fn run(seed: u64) -> Result<Summary, String> {
    // The delays of the SDK are random, too.
    fastrand::seed(seed);
    let mut rng = Rng::with_seed(seed);
    let mut scenario = Scenario::new(&mut rng);
    let builder = Sandbox::builder().without_rules().processing_delay(scenario.processing_delay);
    let sandbox = builder.start().await.unwrap();
    let programs: Vec<_> = (0..if scenario.kind == Kind::TwoPrograms { 2 } else { 1 })
        .map(|number| Program { number, steps: scenario.steps, log: Default::default() })
        .collect();
    let work = async {
        if scenario.has_earlier {
            scenario.earlier = Some(publish_earlier(&scenario.client(&sandbox)).await);
        }
        if scenario.is_late {
            sandbox.start_incident(Incident::LateResources).unwrap();
        }
        match scenario.kind {
            Kind::OneLostResponse => faults::inject_one(&sandbox, &mut rng, 60),
            _ => faults::inject(&sandbox, &mut rng, 40, scenario.gap),
        }
        let seeds: Vec<_> = programs.iter().map(|_| rng.fork()).collect();
        let runs = programs.iter().zip(seeds).map(|(program, rng)| run_program(program, &scenario, &sandbox, rng));
        let outcomes: Result<Vec<()>, String> = join_all(runs).await.into_iter().collect();
        outcomes?;
        sandbox.clear_faults();
        sandbox.stop_incident(Incident::LateResources);
        tokio::time::sleep(scenario.processing_delay * 3).await;
        let client = scenario.client(&sandbox);
        let found = check::violations(&client, &scenario, &programs, &sandbox.calls()).await;
        if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
    };
    let steps = tokio::spawn(step());
    let outcome = tokio::time::timeout(MAX_TIME, work).await.unwrap_or_else(|_| Err("the run hangs".to_owned()));
    steps.abort();
    let logs: Vec<Log> = programs.iter().map(|program| std::mem::take(&mut *program.log())).collect();
    let errors = logs.iter().map(|log| log.errors.len()).sum();
    outcome
        .map(|()| Summary { errors, requests: requests(&sandbox) })
        .map_err(|violations| format!("{violations}\n{scenario:?}\n{logs:#?}"))
}

/// The requests of a run without the ids in their paths, which differ from run to run.
fn requests(sandbox: &Sandbox) -> Vec<String> {
    let calls = sandbox.calls().into_iter();
    calls
        .map(|call| {
            let last = call.path.rsplit('/').next().unwrap_or_default();
            let name = call.operation.unwrap_or_else(|| format!("{} {last}", call.method));
            format!("{name}: {} {}", call.status, call.note.unwrap_or_default())
        })
        .collect()
}

/// Limits how far the paused clock advances at once: between two steps, data arrives that the kernel did not deliver immediately.
async fn step() {
    loop {
        tokio::time::sleep(STEP).await;
    }
}

/// Creates the offer and a submission that waits in preview.
async fn publish_earlier(client: &Client) -> SubmissionId {
    let product = client.ensure_product(AzureProduct::application(OFFER, "Contoso")).await.unwrap();
    client.ensure_variant(&*product, plan()).await.unwrap();
    let preview = client.publish(&*product).poll_interval(MOMENT, MOMENT).send().await.unwrap();
    preview.id.unwrap()
}

/// Starts a program again and again until it succeeds.
async fn run_program(program: &Program, scenario: &Scenario, sandbox: &Sandbox, mut rng: Rng) -> Result<(), String> {
    let mut drops = if scenario.kind == Kind::Drops { rng.usize(1..=5) } else { 0 };
    for _ in 0..MAX_STARTS {
        // A program that starts again has a new client.
        let client = scenario.client(sandbox);
        let mut outcome = None;
        let work = async { outcome = Some(program.run(&client).await) };
        match drops {
            0 => work.await,
            _ => {
                if !dropped_after(rng.usize(1..400), work.boxed()).await {
                    drops -= 1;
                    program.log().drops += 1;
                }
            }
        }
        match outcome {
            Some(Ok(())) => return Ok(()),
            Some(Err(error)) => {
                // `upload_*` cannot tell its record from others, so that a creation whose response is lost is not searched for.
                let is_upload = |name| matches!(name, "create_package" | "create_listing_image");
                let is_known = !scenario.steps.ensure_files
                    && error.may_have_been_processed()
                    && error.operation().is_some_and(is_upload);
                program.log().errors.push(error.to_string());
                if scenario.kind == Kind::OneLostResponse && !is_known {
                    return Err(format!("one lost response led to an error: {error}"));
                }
            }
            None => {}
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(format!("the program does not succeed after {MAX_STARTS} starts"))
}
