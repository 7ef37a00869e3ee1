//! Many calls at once, time limits, and calls that are dropped on the way.

use futures_util::future::{BoxFuture, join_all, poll_fn};
use futures_util::{FutureExt, TryStreamExt};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, FileSource, RetryPolicy};
use partner_sandbox::{Calls, Fault, Sandbox, SubmissionOutcome};
use partner_tests::memory::peak_memory;
use partner_tests::stage::{Stage, checked, client_builder, open_sandbox, source};
use std::collections::BTreeSet;
use std::task::Poll;
use std::time::{Duration, Instant};

/// Calls, and how many a second the service takes: 300 and 100, or what the soak says.
fn load() -> (usize, u32) {
    let load = std::env::var("PARTNER_LOAD").ok();
    let parts = load.as_deref().and_then(|load| load.split_once('/'));
    parts.map_or((300, 100), |(calls, rate)| (calls.parse().unwrap(), rate.parse().unwrap()))
}

/// They all succeed, near the rate that the service takes, and few are refused on the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_to_a_service_that_takes_twenty_a_second() {
    let (calls, rate) = load();
    let stage = Stage::open().await;
    stage.client.list_products().send().await.unwrap();
    let refused = || stage.sandbox.calls().iter().filter(|call| call.status == 429).count();
    stage.sandbox.fail(Calls::any(), Fault::rate_limit(rate), usize::MAX);
    let begun = Instant::now();
    let answers = join_all((0..calls).map(|_| stage.client.list_products().send())).await;
    let took = begun.elapsed();
    let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
    // A second's calls pass at once; the rest at the rate, with a pause after each refusal.
    let ideal = Duration::from_secs_f64((calls as f64 - f64::from(rate)) / f64::from(rate));
    println!("{calls} calls at {rate} a second: {took:?}, {ideal:?} is ideal, {} refused on the way", refused());
    assert!(took < ideal * 2 + Duration::from_secs(5), "{took:?}, {ideal:?} is ideal");
    assert!(refused() < calls / 2, "{} refusals are a storm", refused());
}

#[tokio::test]
async fn no_more_at_a_time_than_the_client_allows() {
    let sandbox = open_sandbox().await;
    let client = client_builder().base_url(sandbox.url()).token_provider(source(&sandbox)).max_concurrent_requests(2);
    let client = client.build().unwrap();
    client.list_products().send().await.unwrap();
    sandbox.fail(Calls::any(), Fault::delay(Duration::from_millis(100)), 6);
    let begun = Instant::now();
    join_all((0..6).map(|_| client.list_products().send())).await;
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}: three times two", begun.elapsed());
}

#[tokio::test]
async fn a_deadline_holds_for_the_whole_call() {
    let stage = Stage::open().await;
    stage.sandbox.fail(Calls::any(), Fault::status(503).header("retry-after", "5"), 9);
    let begun = Instant::now();
    let error = stage.client.list_products().timeout(Duration::from_secs(1)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert!(!error.may_have_been_processed() && begun.elapsed() < Duration::from_secs(4));
    stage.sandbox.clear_faults();
    // The token counts too.
    let sandbox = open_sandbox().await;
    sandbox.fail(Calls::tokens(), Fault::delay(Duration::from_secs(60)), 1);
    let client = client_builder().base_url(sandbox.url()).token_provider(source(&sandbox));
    let client = client.timeout(Duration::from_millis(200)).build().unwrap();
    let offer = AzureProduct::application("app", "App");
    let error = client.create_product(&offer).send().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_processed()), (ErrorKind::Timeout, false), "nothing was sent");
    stage.sandbox.fail(Calls::of("POST", "/products"), Fault::delay(Duration::from_secs(60)), 1);
    let call = stage.client.create_product(&offer).timeout(Duration::from_secs(1));
    assert!(call.send().await.unwrap_err().may_have_been_processed());
}

/// Drops a future after so many polls; whether it was done before.
async fn dropped_after(polls: usize, mut work: BoxFuture<'_, ()>) -> bool {
    let mut count = 0;
    let done = poll_fn(|context| {
        if count == polls {
            return Poll::Ready(false);
        }
        count += 1;
        work.poll_unpin(context).map(|()| true)
    });
    // What waits for longer than this waits for a timer.
    tokio::time::timeout(Duration::from_secs(20), done).await.unwrap_or(false)
}

/// Every public future is dropped at each of its awaits, on a client with one place: the place is there for the next call, and
/// no task is left behind.
#[tokio::test]
async fn nothing_is_lost_when_a_call_is_dropped() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    {
        let sandbox = checked(Sandbox::builder()).processing_delay(Duration::ZERO).start().await.unwrap();
        let client = client_builder().base_url(sandbox.url()).token_provider(source(&sandbox));
        let client = client.max_concurrent_requests(1).retry(RetryPolicy::none()).build().unwrap();
        let product = client.ensure_product(AzureProduct::application("app", "App")).await.unwrap();
        let plan = client.ensure_variant(&product, AzureSkuVariant::managed_app("one", "One")).await.unwrap();
        let listing = client.listing_draft(&product).get().await.unwrap().into_inner();
        let (client, product, plan, listing) = (&client, &product, &plan, &listing);
        let moment = Duration::from_millis(1);
        type Make<'m> = Box<dyn Fn(usize) -> BoxFuture<'m, ()> + 'm>;
        let works: [(&str, Make<'_>); 11] = [
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
                    client.upload_package(product, file).poll_interval(moment, moment).send().map(drop).boxed()
                }),
            ),
            (
                "publish",
                Box::new(move |_| {
                    let publish = client
                        .publish(product)
                        .poll_interval(moment, moment)
                        .if_pending(partner_ingestion_sdk::IfPending::Adopt);
                    publish.to_live().branch_wait(moment).send().map(drop).boxed()
                }),
            ),
        ];
        for (name, make) in &works {
            for polls in 1.. {
                if *name == "publish" {
                    sandbox.set_next_outcome(SubmissionOutcome::Pass);
                }
                let done = dropped_after(polls, make(polls)).await;
                let next = tokio::time::timeout(Duration::from_secs(10), client.get_product(product).send()).await;
                next.unwrap_or_else(|_| panic!("{name}, dropped after {polls} polls, keeps its place")).unwrap();
                if done || polls > 200 {
                    assert!(polls > 1, "{name} was never dropped");
                    break;
                }
            }
        }
    }
    gone(tasks, before).await;
}

/// How many calls: 5,000, or as many as the soak says.
fn calls() -> usize {
    let calls = std::env::var("PARTNER_CALLS").ok();
    calls.map_or(5_000, |calls| calls.parse().unwrap())
}

/// Twenty workers change listings while every twentieth call meets a fault, always the same ones: every change that was
/// acknowledged is there in the end, and nothing else is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_is_lost_in_the_noise() {
    const WORKERS: usize = 20;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (idle, memory) = (tasks(), peak_memory());
    let stage = Stage::open().await;
    let products = join_all((0..4).map(|number| {
        let client = stage.client.clone();
        async move {
            let name = format!("noise-{number}");
            client.ensure_product(AzureProduct::application(&name, &name)).await.unwrap().id.unwrap()
        }
    }))
    .await;
    let before = stage.sandbox.call_count();
    stage.sandbox.inject_random_faults(42, 5);
    let limit = calls();
    let workers = (0..WORKERS).map(|worker| {
        let (client, product) = (stage.client.clone(), products[worker % products.len()].clone());
        let served = stage.sandbox.call_counter();
        tokio::spawn(async move {
            let listing = client.listing_draft(&product);
            let mut written = BTreeSet::new();
            for step in 0.. {
                if served.load(std::sync::atomic::Ordering::Relaxed) - before >= limit {
                    break;
                }
                // A word that takes the place of the worker's earlier one, so that the listing stays small.
                let (own, word) = (format!("w{worker}-"), format!("w{worker}-{step}"));
                let change = |listing: AzureListing| {
                    let words = listing.keywords.clone().unwrap_or_default();
                    let others = words.into_iter().filter(|other| !other.starts_with(&own));
                    listing.set_keywords(others.chain([word.clone()]))
                };
                // What is not acknowledged may or may not be there.
                match listing.modify(change).await {
                    Ok(_) => written = BTreeSet::from([word]),
                    Err(_) => drop(written.insert(word)),
                }
            }
            (product, worker, written)
        })
    });
    let outcomes = join_all(workers.collect::<Vec<_>>()).await;
    stage.sandbox.clear_faults();
    for outcome in outcomes {
        let (product, worker, written) = outcome.unwrap();
        let listing = stage.client.listing_draft(&product).get().await.unwrap().into_inner();
        let words = listing.keywords.unwrap_or_default();
        let own: Vec<_> = words.iter().filter(|word| word.starts_with(&format!("w{worker}-"))).collect();
        assert!(
            own.len() == 1 && written.contains(own[0]),
            "worker {worker}: {own:?} is there, {written:?} was written"
        );
    }
    let (served, grew) = (stage.sandbox.call_count() - before, (peak_memory() - memory) >> 10);
    println!("{served} calls, 5 % of them disturbed: the memory of client and sandbox grew by {grew} MiB");
    // The sandbox keeps its log of calls, up to a hundred thousand of them; the client keeps nothing.
    assert!(grew < 256, "{grew} MiB");
    drop((stage, products));
    gone(tasks, idle).await;
}

/// Waits until there are no more tasks than there were: those of connections end with them.
async fn gone(tasks: impl Fn() -> usize, before: usize) {
    for _ in 0..100 {
        if tasks() <= before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} tasks are left behind", tasks() - before);
}
