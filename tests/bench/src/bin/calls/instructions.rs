//! Instructions of a call, counted by callgrind: other load on the machine does not change them.

use crate::peers::{BY_HAND, Peer, all};
use crate::server::{PAGES, Server};
use crate::{AT_A_TIME, NOTE};
use futures_util::{StreamExt, stream};
use std::process::{Command, Stdio};
use tokio::runtime::Runtime;

/// What is counted: its name, and how often it is repeated.
const ROWS: [(&str, usize); 4] = [("get", 200), ("concurrent", 4), ("post", 40), ("pages", 2)];

/// Prints the instructions of each client. Without valgrind, prints that they are not counted.
pub fn print(server: &Server) {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("\ninstructions are not counted: valgrind is not installed");
        return;
    }
    for (transport, origin) in [("HTTP/1.1", &server.plain), ("TLS and HTTP/2", &server.tls)] {
        println!("\ninstructions over {transport}, as a multiple of `{BY_HAND}`\n");
        println!("| contender | one call | 64 at a time | a POST of 50 KB | a list of 100 pages |");
        println!("| --- | ---: | ---: | ---: | ---: |");
        let mut base = Vec::new();
        for (index, peer) in all(origin).iter().enumerate() {
            let counts: Vec<f64> = ROWS.iter().map(|(row, times)| per_run(origin, index, row, *times)).collect();
            if base.is_empty() {
                base.clone_from(&counts);
            }
            let ratios: Vec<String> =
                counts.iter().zip(&base).map(|(count, base)| format!("{:.3}", count / base)).collect();
            println!("| {:<44} | {} |", peer.name(), ratios.join(" | "));
        }
    }
}

/// Returns the instructions of one run: the difference between many runs and one, without the start of the process.
fn per_run(origin: &str, peer: usize, row: &str, times: usize) -> f64 {
    (count(origin, peer, row, times + 1) - count(origin, peer, row, 1)) / times as f64
}

fn count(origin: &str, peer: usize, row: &str, times: usize) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["repeat", origin, &peer.to_string(), row, &times.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find_map(|line| line.split_once("Collected :")).unwrap().1;
    line.trim().parse().unwrap()
}

/// Runs one row of one client, as [`count`] asks for.
pub fn repeat(runtime: &Runtime, args: &[String]) {
    let [origin, peer, row, times] = args else { panic!("usage: repeat ORIGIN PEER ROW TIMES") };
    let peer = all(origin).swap_remove(peer.parse().unwrap());
    let note = "n".repeat(NOTE);
    for _ in 0..times.parse().unwrap() {
        runtime.block_on(run(&*peer, row, &note));
    }
}

async fn run(peer: &dyn Peer, row: &str, note: &str) {
    match row {
        "get" => peer.get().await,
        "post" => peer.post(note).await,
        "pages" => assert_eq!(peer.pages().await, PAGES * 10),
        _ => {
            let (_, at_a_time) = AT_A_TIME[0];
            let calls = stream::iter((0..at_a_time * 2).map(|_| peer.get())).buffer_unordered(at_a_time);
            assert_eq!(calls.count().await, at_a_time * 2);
        }
    }
}
