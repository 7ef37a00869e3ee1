//! Rate limits, concurrency limits, timeouts and cancelled calls.

use futures_util::future::{BoxFuture, join_all, poll_fn};
use futures_util::{FutureExt, TryStreamExt};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, FileSource, RetryPolicy};
use partner_sandbox::{Calls, Fault, Sandbox, SubmissionOutcome};
use partner_tests::memory::peak_memory;
use partner_tests::test_env::{TestEnv, checked, client_builder, start_sandbox, token_source};
use std::collections::BTreeSet;
use std::task::Poll;
use std::time::{Duration, Instant};

/// Number of calls, and calls per second that the service accepts. Default: 300 and 100; the soak test sets `PARTNER_LOAD`.
fn load() -> (usize, u32) {
    let load = std::env::var("PARTNER_LOAD").ok();
    let parts = load.as_deref().and_then(|load| load.split_once('/'));
    parts.map_or((300, 100), |(calls, rate)| (calls.parse().unwrap(), rate.parse().unwrap()))
}

/// The calls take about the time that the rate limit requires, and fewer than half get a 429.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_above_the_rate_limit_all_succeed() {
    let (calls, rate) = load();
    let env = TestEnv::start().await;
    env.client.list_products().send().await.unwrap();
    let rejected = || env.sandbox.calls().iter().filter(|call| call.status == 429).count();
    env.sandbox.fail(Calls::any(), Fault::rate_limit(rate), usize::MAX);
    let begun = Instant::now();
    let responses = join_all((0..calls).map(|_| env.client.list_products().send())).await;
    let took = begun.elapsed();
    let failed: Vec<_> = responses.iter().filter_map(|response| response.as_ref().err()).collect();
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
    // The calls of the first second are accepted at once, the others at the rate, with a pause after each 429.
    let ideal = Duration::from_secs_f64((calls as f64 - f64::from(rate)) / f64::from(rate));
    println!(
        "{calls} calls at {rate} per second took {took:?}; the minimum is {ideal:?}; {} were rejected",
        rejected()
    );
    assert!(took < ideal * 2 + Duration::from_secs(5), "{took:?}; the minimum is {ideal:?}");
    assert!(rejected() < calls / 2, "{} calls were rejected", rejected());
}

#[tokio::test]
async fn limits_concurrent_requests() {
    let sandbox = start_sandbox().await;
    let client =
        client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).max_concurrent_requests(2);
    let client = client.build().unwrap();
    client.list_products().send().await.unwrap();
    sandbox.fail(Calls::any(), Fault::delay(Duration::from_millis(100)), 6);
    let begun = Instant::now();
    join_all((0..6).map(|_| client.list_products().send())).await;
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}: six calls of 100 ms, two at a time", begun.elapsed());
}

#[tokio::test]
async fn timeout_applies_to_the_whole_call() {
    let env = TestEnv::start().await;
    env.sandbox.fail(Calls::any(), Fault::status(503).header("retry-after", "5"), 9);
    let begun = Instant::now();
    let error = env.client.list_products().timeout(Duration::from_secs(1)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert!(!error.may_have_been_processed() && begun.elapsed() < Duration::from_secs(4));
    env.sandbox.clear_faults();
    // The token request counts, too.
    let sandbox = start_sandbox().await;
    sandbox.fail(Calls::tokens(), Fault::delay(Duration::from_secs(60)), 1);
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox));
    let client = client.timeout(Duration::from_millis(200)).build().unwrap();
    let offer = AzureProduct::application("app", "App");
    let error = client.create_product(&offer).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_processed()), (ErrorKind::Timeout, false), "nothing was sent");
    env.sandbox.fail(Calls::of("POST", "/products"), Fault::delay(Duration::from_secs(60)), 1);
    let call = env.client.create_product(&offer).timeout(Duration::from_secs(1));
    assert!(call.send().await.unwrap_err().may_have_been_processed());
}

/// Polls a future up to `polls` times and drops it. Returns true if it completed before.
pub(crate) async fn dropped_after(polls: usize, mut work: BoxFuture<'_, ()>) -> bool {
    let mut count = 0;
    let done = poll_fn(|context| {
        if count == polls {
            return Poll::Ready(false);
        }
        count += 1;
        work.poll_unpin(context).map(|()| true)
    });
    // A future that is not woken for this long waits for a timer.
    tokio::time::timeout(Duration::from_secs(20), done).await.unwrap_or(false)
}

/// Drops every public future at each of its awaits, on a client that allows one request at a time: the next call is not blocked,
/// and no task remains.
#[tokio::test]
async fn dropped_calls_release_their_permit() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    {
        let sandbox = checked(Sandbox::builder()).processing_delay(Duration::ZERO).start().await.unwrap();
        let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox));
        let client = client.max_concurrent_requests(1).retry(RetryPolicy::none()).build().unwrap();
        let product = client.ensure_product(AzureProduct::application("app", "App")).await.unwrap();
        let plan = client.ensure_variant(&product, AzureSkuVariant::managed_app("one", "One")).await.unwrap();
        let listing = client.listing_draft(&product).get().await.unwrap().into_inner();
        let (client, product, plan, listing) = (&client, &product, &plan, &listing);
        let interval = Duration::from_millis(1);
        type Make<'m> = Box<dyn Fn(usize) -> BoxFuture<'m, ()> + 'm>;
        let operations: [(&str, Make<'_>); 11] = [
            ("get", Box::new(move |_| client.get_product(product).send().map(drop).boxed())),
            (
                "raw",
                Box::new(move |_| {
                    client.follow("v1.0/ingestion/products").send::<serde_json::Value>().map(drop).boxed()
                }),
            ),
            ("stream", Box::new(move |_| client.list_products().stream().try_collect::<Vec<_>>().map(drop).boxed())),
            (
                "pages",
                Box::new(move |_| client.list_variants(product).pages().try_collect::<Vec<_>>().map(drop).boxed()),
            ),
            ("lookup", Box::new(move |_| client.product_by_offer_id("app").map(drop).boxed())),
            (
                "ensure",
                Box::new(move |n| {
                    client.ensure_product(AzureProduct::application(format!("app-{n}"), "App")).map(drop).boxed()
                }),
            ),
            (
                "ensure plan",
                Box::new(move |n| {
                    let plan = AzureSkuVariant::managed_app(format!("plan-{n}"), "Plan");
                    client.ensure_variant(product, plan).map(drop).boxed()
                }),
            ),
            (
                "modify",
                Box::new(move |_| {
                    let draft = client.package_configuration_draft(product, plan);
                    async move { drop(draft.modify(|c| c).await) }.boxed()
                }),
            ),
            ("modify by id", Box::new(move |_| client.modify_listing(product, listing, |l| l).map(drop).boxed())),
            (
                "upload",
                Box::new(move |n| {
                    let file = FileSource::bytes(format!("{n}.zip"), vec![b'P'; 600_000]);
                    client.upload_package(product, file).poll_interval(interval, interval).send().map(drop).boxed()
                }),
            ),
            (
                "publish",
                Box::new(move |_| {
                    let publish = client
                        .publish(product)
                        .poll_interval(interval, interval)
                        .if_pending(partner_ingestion_sdk::IfPending::Adopt);
                    publish.to_live().branch_wait(interval).send().map(drop).boxed()
                }),
            ),
        ];
        for (name, make) in &operations {
            for polls in 1.. {
                if *name == "publish" {
                    sandbox.set_next_outcome(SubmissionOutcome::Pass);
                }
                let done = dropped_after(polls, make(polls)).await;
                let next = tokio::time::timeout(Duration::from_secs(10), client.get_product(product).send()).await;
                next.unwrap_or_else(|_| panic!("{name}, dropped after {polls} polls, blocks the next call")).unwrap();
                if done || polls > 200 {
                    assert!(polls > 1, "{name} was never dropped");
                    break;
                }
            }
        }
    }
    wait_for_tasks(tasks, before).await;
}

/// Number of calls. Default: 5,000; the soak test sets `PARTNER_CALLS`.
fn calls() -> usize {
    let calls = std::env::var("PARTNER_CALLS").ok();
    calls.map_or(5_000, |calls| calls.parse().unwrap())
}

/// Twenty workers modify listings while 5 % of the calls fail. The listings contain every acknowledged change at the end, and
/// nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modify_loses_no_change_under_random_faults() {
    const WORKERS: usize = 20;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (idle, memory) = (tasks(), peak_memory());
    let env = TestEnv::start().await;
    let products = join_all((0..4).map(|number| {
        let client = env.client.clone();
        async move {
            let name = format!("app-{number}");
            client.ensure_product(AzureProduct::application(&name, &name)).await.unwrap().id.clone().unwrap()
        }
    }))
    .await;
    let before = env.sandbox.call_count();
    env.sandbox.inject_random_faults(42, 5);
    let limit = calls();
    let workers = (0..WORKERS).map(|worker| {
        let (client, product) = (env.client.clone(), products[worker % products.len()].clone());
        let served = env.sandbox.call_counter();
        tokio::spawn(async move {
            let listing = client.listing_draft(&product);
            let mut written = BTreeSet::new();
            for step in 0.. {
                if served.load(std::sync::atomic::Ordering::Relaxed) - before >= limit {
                    break;
                }
                // Replaces the keyword that this worker wrote before, so that the listing stays small.
                let (own, word) = (format!("w{worker}-"), format!("w{worker}-{step}"));
                let change = |listing: AzureListing| {
                    let words = listing.keywords.clone().unwrap_or_default();
                    let others = words.into_iter().filter(|other| !other.starts_with(&own));
                    listing.set_keywords(others.chain([word.clone()]))
                };
                // After an error, the listing may or may not contain the keyword.
                match listing.modify(change).await {
                    Ok(_) => written = BTreeSet::from([word]),
                    Err(_) => drop(written.insert(word)),
                }
            }
            (product, worker, written)
        })
    });
    let outcomes = join_all(workers.collect::<Vec<_>>()).await;
    env.sandbox.clear_faults();
    for outcome in outcomes {
        let (product, worker, written) = outcome.unwrap();
        let listing = env.client.listing_draft(&product).get().await.unwrap().into_inner();
        let words = listing.keywords.unwrap_or_default();
        let own: Vec<_> = words.iter().filter(|word| word.starts_with(&format!("w{worker}-"))).collect();
        assert!(
            own.len() == 1 && written.contains(own[0]),
            "worker {worker}: found {own:?}, expected one of {written:?}"
        );
    }
    let (served, grew) = (env.sandbox.call_count() - before, (peak_memory() - memory) >> 10);
    println!("{served} calls, 5 % with a fault: the memory of client and sandbox grew by {grew} MiB");
    // The sandbox keeps a log of up to 100,000 calls; the client keeps nothing.
    assert!(grew < 256, "{grew} MiB");
    drop((env, products));
    wait_for_tasks(tasks, idle).await;
}

/// Waits until there are no more tasks than before. Tasks of connections end after the connections.
async fn wait_for_tasks(tasks: impl Fn() -> usize, before: usize) {
    for _ in 0..100 {
        if tasks() <= before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} tasks remain", tasks() - before);
}
