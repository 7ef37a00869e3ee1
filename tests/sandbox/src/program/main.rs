//! The sandbox as a program: `cargo run -p partner-sandbox`.

mod options;
mod output;

use clap::Parser;
use options::{Command, Options};
use output::{Colour, log, print, print_error};
use partner_sandbox::{Sandbox, SandboxBuilder};
use std::path::Path;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let mut options = match Options::parse().with_file() {
        Ok(options) => options,
        Err(error) => return usage_error(&error),
    };
    let command = options.command.take();
    let (as_json, is_remote) = (options.json, options.allow_remote);
    let colour = Colour::of_stderr();
    let builder = match options.builder() {
        Ok(builder) => builder,
        Err(error) => return usage_error(&error),
    };
    if let Some(Command::Replay { file }) = command {
        return replay(builder, &file).await;
    }
    let sandbox = match builder.on_call(move |call| log(call, colour)).start().await {
        Ok(sandbox) => sandbox,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => return usage_error(&error.to_string()),
        Err(error) => {
            print_error(&format!("error: cannot start: {error}\n"));
            return ExitCode::FAILURE;
        }
    };
    if is_remote {
        print_error(
            "warning: other machines may reach the sandbox. It has no encryption, and its credentials are public.\n",
        );
    }
    print(&if as_json { output::ready_line(&sandbox) } else { output::environment(&sandbox) });
    stop_signal().await;
    stop(sandbox).await
}

/// Replays a recording on a free port, and prints the differences.
async fn replay(builder: SandboxBuilder, file: &Path) -> ExitCode {
    let replayed = async {
        let text = std::fs::read_to_string(file)?;
        builder.port(0).start().await?.replay(&text)
    };
    match replayed.await {
        Err(error) => usage_error(&format!("cannot replay {}: {error}", file.display())),
        Ok(replay) => {
            let lines: String = replay.differences.iter().map(|difference| format!("{difference}\n")).collect();
            print(&format!("{lines}{} requests, {} differences\n", replay.requests, replay.differences.len()));
            if replay.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

async fn stop(sandbox: Sandbox) -> ExitCode {
    match sandbox.stop().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&format!("error: cannot save the state: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn usage_error(error: &str) -> ExitCode {
    print_error(&format!("error: {error}\n\nFor more information, try '--help'.\n"));
    ExitCode::from(2)
}

/// Waits for Ctrl+C, or for the signal that asks a process to stop.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // An error means that no signal can be received.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
