//! Tokens: compares partner-auth with `azure_identity`'s client secret credential and `huskarl`, with the same local endpoint.

mod peers;

use futures_util::FutureExt;
use partner_auth::testing::{FakeEntra, Gate, ManualClock, Reply};
use partner_auth::{Certificate, Credential, SigningAlgorithm, TokenProvider, TokenSource};
use partner_bench::{contender, measure, print};
use peers::{Azure, Huskarl, Peer};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::main]
async fn main() {
    cached_reads().await;
    reads_during_a_hung_renewal().await;
    acquisitions().await;
    println!("\nRequests that the endpoint receives, and the total time until all callers have finished\n");
    println!("| case | ours | azure_identity | huskarl |");
    println!("| --- | ---: | ---: | ---: |");
    let slow = |reply: Reply| reply.delay(Duration::from_millis(50));
    let refusal = || Reply::oauth_error(401, "invalid_client", 7_000_215).header("Content-Type", "application/json");
    requests("10,000 callers, no token yet", 10_000, slow(Reply::token("t"))).await;
    requests("100 callers, the endpoint returns an error", 100, slow(refusal())).await;
    requests("100 callers, the endpoint returns 503", 100, slow(Reply::status(503))).await;
    requests("1,000 reads of a token with a lifetime of 299 s", 1000, Reply::token("t").expires_in(299)).await;
}

fn ours(entra: &FakeEntra) -> TokenSource {
    let builder = TokenSource::builder("contoso.com", entra.client_id(), "secret").authority(entra.authority());
    // One attempt, because the other crates do not retry or have retries disabled.
    builder.endpoint(partner_auth::Endpoint::V2).max_attempts(1).build().unwrap()
}

async fn cached_reads() {
    let entra = FakeEntra::start().unwrap();
    let (ours, azure, huskarl) = (ours(&entra), Azure::new(&entra), Huskarl::new(&entra));
    ours.header().await.unwrap();
    assert!(azure.read().await && huskarl.read().await);
    let now = |read: bool| assert!(read);
    let contenders = [
        contender("cached_header", || ours.cached_header().unwrap()),
        contender("header, async", || ours.header().now_or_never().unwrap().unwrap()),
        contender("token, boxed by the trait", || ours.token().now_or_never().unwrap().unwrap()),
        contender("azure_identity, token and header", || now(azure.read().now_or_never().unwrap())),
        contender("huskarl, token and header", || now(huskarl.read().now_or_never().unwrap())),
    ];
    print("Cached read with header, one thread", &measure(&contenders), "cached_header");

    let on_threads = |read: &(dyn Fn() + Sync)| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..20_000).for_each(|_| read()));
            }
        });
    };
    let contenders = [
        contender("cached_header", || on_threads(&|| drop(ours.cached_header().unwrap()))),
        contender("azure_identity", || on_threads(&|| now(azure.read().now_or_never().unwrap()))),
        contender("huskarl", || on_threads(&|| now(huskarl.read().now_or_never().unwrap()))),
    ];
    print("20,000 cached reads on each of 8 threads", &measure(&contenders), "cached_header");
}

/// Measures sequential token acquisitions with a client secret and with a certificate.
async fn acquisitions() {
    const PEM: &str = include_str!("../../../../../partner-auth/src/credential/testdata/application.pem");
    let entra = FakeEntra::start().unwrap();
    let source = |credential: Credential| {
        let builder = TokenSource::builder("contoso.com", entra.client_id(), credential).authority(entra.authority());
        builder.build().unwrap()
    };
    let certificate = Certificate::from_pem(PEM).unwrap();
    let secret = source("secret".into());
    let ps256 = source(certificate.clone().into());
    let rs256 = source(certificate.algorithm(SigningAlgorithm::Rs256).into());
    // Each audience has its own cache, so each acquisition is a request.
    let acquire = |source: &TokenSource| {
        let fresh = source.for_audience("https://api.partner.microsoft.com").unwrap();
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(fresh.token()).unwrap())
    };
    let contenders = [
        contender("client secret", || acquire(&secret)),
        contender("certificate, PS256", || acquire(&ps256)),
        contender("certificate, RS256", || acquire(&rs256)),
    ];
    print("Acquisition from a local endpoint", &measure(&contenders), "client secret");
}

/// The 99th percentile of a million reads, idle and while a refresh hangs.
async fn reads_during_a_hung_renewal() {
    let (entra, clock, gate) = (FakeEntra::start().unwrap(), ManualClock::new(), Gate::new());
    let builder = TokenSource::builder("contoso.com", entra.client_id(), "secret").authority(entra.authority());
    let source = builder.clock(&clock).build().unwrap();
    source.header().await.unwrap();
    let percentile = || {
        let mut times: Vec<u64> = (0..1_000_000)
            .map(|_| {
                let start = Instant::now();
                assert!(source.cached_header().is_some());
                start.elapsed().as_nanos() as u64
            })
            .collect();
        times.sort_unstable();
        times[times.len() / 100 * 99]
    };
    let idle = percentile();
    entra.default_reply(Reply::token("late").wait_for_gate(&gate));
    clock.advance(Duration::from_secs(3000));
    source.header().await.unwrap();
    while entra.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    let hung = percentile();
    println!("\n99th percentile of 1,000,000 reads while a refresh hangs: {:.2} times idle", hung as f64 / idle as f64);
    gate.open();
}

/// Starts all callers concurrently. Each gets one token.
async fn requests(case: &str, callers: usize, reply: Reply) {
    let mut cells = Vec::new();
    for make in [
        |entra: &FakeEntra| Arc::new(ours(entra)) as Arc<dyn Peer>,
        |entra: &FakeEntra| Arc::new(Azure::new(entra)) as Arc<dyn Peer>,
        |entra: &FakeEntra| Arc::new(Huskarl::new(entra)) as Arc<dyn Peer>,
    ] {
        let entra = FakeEntra::start().unwrap();
        entra.default_reply(reply.clone());
        let peer = make(&entra);
        let start = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let peer = peer.clone();
                tokio::spawn(async move { peer.call().await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        cells.push(format!("{} in {:.2} s", entra.requests().len(), start.elapsed().as_secs_f64()));
    }
    println!("| {case} | {} |", cells.join(" | "));
}
