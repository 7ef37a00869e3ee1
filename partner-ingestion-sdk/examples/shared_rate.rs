//! Shares one rate limit among several processes, through a file with a lock.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use clap::Parser;
use common::{Outcome, loopback_client_with, print_error, table};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use partner_ingestion_sdk::{Event, RateLimitStore};
use partner_sandbox::{Calls, Fault, Sandbox};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The service refuses more calls per second.
const ALLOWED: u32 = 100;
/// The calls of each process, and how many of them at a time.
const CALLS: (usize, usize) = (200, 4);
/// The variable with the client secret of a process that this program starts.
const SECRET: &str = "SHARED_RATE_SECRET";

/// Calls a service that refuses more than 100 calls a second from several processes, which share their rate limit through a file. A
/// sandbox in this process answers the calls.
#[derive(Parser)]
#[command(after_help = "Exit codes: 0 success, 1 failure, 2 invalid arguments.")]
struct Options {
    /// Number of processes.
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    processes: u8,
    /// File with the state of the rate limit [default: a file in the temporary folder]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Let each process have its own rate limit.
    #[arg(long)]
    alone: bool,
    /// Run as one of the processes: URL, authority, tenant and client id of the sandbox.
    #[arg(long, hide = true, num_args = 4)]
    worker: Option<Vec<String>>,
}

/// A store in a file. A lock makes reading and writing one step.
struct InFile(Arc<PathBuf>);

impl InFile {
    /// Runs a function with the locked file. The file system must not block the threads of the runtime.
    async fn with_lock<T: Send + 'static>(
        &self,
        access: impl FnOnce(&mut File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let path = self.0.clone();
        let work = tokio::task::spawn_blocking(move || {
            let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&*path)?;
            file.lock()?;
            access(&mut file)
        });
        work.await.map_err(io::Error::other)?
    }
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut state = Vec::new();
    file.read_to_end(&mut state)?;
    Ok(state)
}

impl RateLimitStore for InFile {
    fn load(&self) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(self.with_lock(read))
    }

    fn replace<'a>(&'a self, current: &'a [u8], new: &'a [u8]) -> BoxFuture<'a, io::Result<bool>> {
        let (current, new) = (current.to_vec(), new.to_vec());
        Box::pin(self.with_lock(move |file| {
            if read(file)? != current {
                return Ok(false);
            }
            file.rewind()?;
            file.set_len(0)?;
            file.write_all(&new)?;
            Ok(true)
        }))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.worker {
        Some(account) => work(account, &options).await,
        None => start(&options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Starts the processes and prints what each of them reports.
async fn start(options: &Options) -> Outcome<()> {
    let sandbox = Sandbox::start().await?;
    sandbox.fail(Calls::any(), Fault::rate_limit(ALLOWED), usize::MAX);
    let temporary = std::env::temp_dir().join(format!("shared-rate-{}.json", std::process::id()));
    let file = options.file.clone().unwrap_or_else(|| temporary.clone());
    let begin = std::time::Instant::now();
    let mut processes: Vec<Child> = Vec::new();
    for _ in 0..options.processes {
        processes.push(spawn(&sandbox, options, &file)?);
        // A process that starts later finds the rate that the others learned.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    let mut rows = Vec::new();
    for (number, process) in processes.into_iter().enumerate() {
        let output = tokio::task::spawn_blocking(|| process.wait_with_output()).await??;
        if !output.status.success() {
            return Err(format!("process {} failed", number + 1).into());
        }
        let refused = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        rows.push(vec![(number + 1).to_string(), CALLS.0.to_string(), refused]);
    }
    if options.file.is_none() && !options.alone {
        std::fs::remove_file(temporary)?;
    }
    print!("{}", table(&["process", "calls", "refused"], &rows));
    let calls = CALLS.0 * usize::from(options.processes);
    println!("{calls} calls in {:.0} s, {ALLOWED} per second allowed", begin.elapsed().as_secs_f64());
    Ok(())
}

fn spawn(sandbox: &Sandbox, options: &Options, file: &std::path::Path) -> Outcome<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(SECRET, sandbox.client_secret()).stdout(Stdio::piped()).arg("--file").arg(file);
    command.args(options.alone.then_some("--alone"));
    command.arg("--worker").args([sandbox.url(), sandbox.authority(), sandbox.tenant(), sandbox.client_id()]);
    Ok(command.spawn()?)
}

/// Sends calls, several at a time, and prints how many attempts were refused.
async fn work(account: &[String], options: &Options) -> Outcome<()> {
    let [url, authority, tenant, client_id] = account else { return Err("four values are required".into()) };
    let refused = Arc::<AtomicUsize>::default();
    let count = refused.clone();
    let account = [tenant.clone(), client_id.clone(), std::env::var(SECRET)?];
    let client = loopback_client_with(url, authority, account, |builder| {
        let builder = builder.observe(move |event| {
            let is_refused = matches!(event, Event::Attempt(attempt) if attempt.status().is_some_and(|s| s == 429));
            count.fetch_add(usize::from(is_refused), Ordering::Relaxed);
        });
        match (&options.file, options.alone) {
            (Some(file), false) => builder.rate_limit_store(InFile(Arc::new(file.clone()))),
            _ => builder,
        }
    })?;
    let calls = stream::iter(0..CALLS.0).map(|_| client.list_products().into_future()).buffer_unordered(CALLS.1);
    let results: Vec<_> = calls.collect().await;
    results.into_iter().collect::<Result<Vec<_>, _>>()?;
    println!("{}", refused.load(Ordering::Relaxed));
    Ok(())
}
