//! Calls: compares the SDK with reqwest by hand, progenitor's own client, reqwest-middleware and azure_core's pipeline, over plain
//! HTTP/1.1 and over TLS with HTTP/2. The server is a separate process.
//!
//! Measures time, allocations and connections, the memory of a list of 100,000 products, and instructions if valgrind is installed.

mod instructions;
mod peers;
mod server;

use futures_util::{StreamExt, TryStreamExt, stream};
use partner_bench::{contender, measure, print};
use peers::{BY_HAND, Peer, all, sdk};
use server::{ITEMS, PAGES, Server, serve, start};
use tokio::runtime::Runtime;

/// Size of the text of a large POST.
const NOTE: usize = 50_000;
/// Number of calls in a row.
const IN_A_ROW: usize = 50;
/// Number of calls, and how many of them at a time.
const AT_A_TIME: [(usize, usize); 2] = [(640, 64), (1_536, 512)];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match args.split_first() {
        Some((command, _)) if command == "serve" => {
            pin(Side::Server);
            return runtime.block_on(serve());
        }
        Some((command, args)) if command == "repeat" => return instructions::repeat(&runtime, args),
        _ => {}
    }
    let server = start();
    pin(Side::Client);
    if args.is_empty() {
        times(&runtime, &server);
    }
    instructions::print(&server);
}

enum Side {
    Client,
    Server,
}

/// Keeps the client and the server on different processors. Otherwise, the system moves them, and the times of equal rounds differ by
/// a third.
fn pin(side: Side) {
    let processors = core_affinity::get_core_ids().unwrap_or_default();
    let processor = match side {
        Side::Client => processors.first(),
        Side::Server => processors.last(),
    };
    // Without it, the times are correct and vary more.
    let _ = processor.is_some_and(|processor| core_affinity::set_for_current(*processor));
}

/// Prints the times of all rows, over both transports.
fn times(runtime: &Runtime, server: &Server) {
    for (transport, origin) in [("HTTP/1.1", &server.plain), ("TLS and HTTP/2", &server.tls)] {
        println!("\n## {transport}");
        let peers = all(origin);
        let row = |title: &str, run: &dyn Fn(&dyn Peer)| {
            let figures =
                measure(&peers.iter().map(|peer| contender(peer.name(), || run(&**peer))).collect::<Vec<_>>());
            print(title, &figures, BY_HAND);
        };
        row("one call", &|peer| runtime.block_on(peer.get()));
        row("50 calls in a row", &|peer| {
            runtime.block_on(async {
                for _ in 0..IN_A_ROW {
                    peer.get().await;
                }
            });
        });
        for (calls, at_a_time) in AT_A_TIME {
            row(&format!("{calls} calls, {at_a_time} at a time"), &|peer| {
                let calls = stream::iter((0..calls).map(|_| peer.get())).buffer_unordered(at_a_time);
                runtime.block_on(calls.count());
            });
        }
        let note = "n".repeat(NOTE);
        row("a POST of 50 KB", &|peer| runtime.block_on(peer.post(&note)));
        row("a list of 100 pages, each after 1 ms", &|peer| {
            assert_eq!(runtime.block_on(peer.pages()), PAGES * 10);
        });
        connections(runtime, server, origin);
    }
    memory(runtime, server);
}

/// Prints how many connections 100 concurrent calls of a new client open.
fn connections(runtime: &Runtime, server: &Server, origin: &str) {
    println!("\nconnections of a new client with 100 concurrent calls\n");
    let count =
        || runtime.block_on(async { reqwest::get(format!("{}/connections", server.plain)).await?.json().await });
    for peer in all(origin) {
        let before: usize = count().unwrap();
        let calls = stream::iter((0..100).map(|_| peer.get())).buffer_unordered(100);
        runtime.block_on(calls.count());
        // The second request opens a connection, too.
        println!("{:<44} {:>4}", peer.name(), count().unwrap() - before - 1);
    }
}

fn memory(runtime: &Runtime, server: &Server) {
    let before = peak();
    let client = sdk(&server.plain);
    let count = runtime.block_on(async {
        let items = client.list_products().stream();
        items.try_fold(0_usize, |count, _| async move { Ok(count + 1) }).await.unwrap()
    });
    assert_eq!(count, ITEMS);
    println!("\na list of {ITEMS} products: the peak memory grew by {} KiB", peak().saturating_sub(before));
}

/// Returns the peak memory of this process in KiB, or 0 if the system does not report it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
