//! Whole workflows against the sandbox, with random faults between any two requests, on a clock that does not wait.
//!
//! All choices of a run follow from its seed. At the end, the state is compared with what the programs asked for and with what
//! their errors claim. A run fails if one of these guards is missing: the If-Match header of a PUT, the comparison of what was changed
//! after a PUT whose response was lost, the search for products, plans and submissions after a creation whose response was lost, the
//! unfinished record that `ensure_*` continues with, the adoption of a submission in progress, the promotion that is not repeated, the
//! wait until a list shows a new plan.

mod check;
mod faults;
mod log;
mod program;
mod scenario;

use scenario::Summary;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Number of runs. Default: 2,000; the soak test sets `PARTNER_RUNS`.
fn runs() -> u64 {
    std::env::var("PARTNER_RUNS").map_or(2_000, |runs| runs.parse().unwrap())
}

/// Runs one seed on a thread with a separate clock. A panic is a violation.
fn run(seed: u64) -> Result<Summary, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(scenario::run(seed))));
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or("no message")))
    })
}

#[test]
fn workflows_with_random_faults_do_what_they_say() {
    let seeds = match std::env::var("PARTNER_SEED") {
        Ok(seed) => seed.parse().map(|seed: u64| seed..seed + 1).unwrap(),
        Err(_) => 0..runs(),
    };
    let (next, errors, failures) = (AtomicU64::new(seeds.start), AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || failures.lock().unwrap().len() >= 5 {
                        return;
                    }
                    match run(seed) {
                        Ok(run) => drop(errors.fetch_add(run.errors, Ordering::Relaxed)),
                        Err(violations) => drop(failures.lock().unwrap().insert(seed, violations)),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    for (seed, violations) in &failures {
        println!("seed {seed}: {violations}");
        println!("alone: PARTNER_SEED={seed} cargo test -p partner-tests --test all simulation:: -- --nocapture\n");
    }
    assert!(failures.is_empty(), "violations with the seeds {:?}", failures.keys());
    let (errors, runs) = (errors.into_inner(), seeds.count());
    println!("{runs} runs, {errors} errors reached the programs");
    assert!(runs == 1 || errors > runs, "the faults reach the programs");
}

/// A violation can be looked at again and again, with the seed that it was found with.
#[test]
fn the_same_seed_gives_the_same_requests() {
    for seed in 0..16 {
        let [first, second] = [(); 2].map(|()| run(seed).unwrap().requests);
        assert!(first.len() > 20, "seed {seed}: {} requests", first.len());
        let differs = first.iter().zip(&second).position(|(first, second)| first != second);
        let at = differs.unwrap_or(first.len().min(second.len()));
        assert!(first == second, "seed {seed}, request {at}: {:?} and {:?}", first.get(at), second.get(at));
    }
}
