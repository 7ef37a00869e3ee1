//! Keeps offers as files: exports, compares, checks, applies and copies them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

mod apply;
mod args;
mod azpc;
#[allow(dead_code, reason = "each example uses only a part")]
#[path = "../common/mod.rs"]
mod common;
mod connection;
mod copy;
mod report;
mod show;

use args::{Args, Command};
use clap::Parser;
use common::{Outcome, print_error};
use std::process::ExitCode;

/// The JSON Schema of a manifest.
const SCHEMA: &str = include_str!("../../offer-manifest.schema.json");

#[tokio::main]
async fn main() -> ExitCode {
    run(Args::parse()).await.unwrap_or_else(|error| {
        print_error(&*error);
        ExitCode::FAILURE
    })
}

async fn run(args: Args) -> Outcome<ExitCode> {
    match args.command {
        Command::Export(export) => show::export(&connection::open(&args.target).await?, export).await,
        Command::Diff(diff) => show::diff(&connection::open(&args.target).await?, diff).await,
        Command::Check { folders } => show::check(&folders).await,
        Command::Apply(apply) => apply::apply(&args.target, apply).await,
        Command::Clone(clone) => copy::clone(clone).await,
        Command::ImportAzpc { path, folder } => azpc::import(&path, &folder).await,
        Command::Schema => {
            print!("{SCHEMA}");
            Ok(ExitCode::SUCCESS)
        }
    }
}
