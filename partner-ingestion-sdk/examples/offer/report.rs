//! The report of `offer apply`: a line for each folder, then the errors.

use crate::common::{print_error, table};
use console::style;
use partner_ingestion_sdk::Error;
use std::path::Path;
use std::process::ExitCode;

#[derive(Default)]
pub(crate) struct Report<'e> {
    rows: Vec<Vec<String>>,
    failures: Vec<(String, &'e Error)>,
}

impl<'e> Report<'e> {
    /// Adds what was done with the offer in a folder.
    pub(crate) fn add(&mut self, folder: &Path, changes: usize, outcome: Result<String, &'e Error>) {
        let folder = folder.display().to_string();
        let outcome = match outcome {
            Ok(outcome) => style(outcome).green(),
            Err(error) => {
                self.failures.push((folder.clone(), error));
                style("failed".to_owned()).red()
            }
        };
        self.rows.push(vec![folder, changes.to_string(), outcome.to_string()]);
    }

    /// Prints the report. Returns the exit code.
    pub(crate) fn print(&self) -> ExitCode {
        print!("{}", table(&["folder", "changes", "result"], &self.rows));
        for (folder, error) in &self.failures {
            eprintln!("\n{}", style(folder).for_stderr().bold());
            print_error(*error);
            // If nothing was done, everything remains.
            let begun = error.applied().filter(|applied| !applied.steps.is_empty());
            for resource in begun.iter().flat_map(|applied| &applied.remaining) {
                eprintln!("  not done: {resource}");
            }
        }
        if self.failures.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("\n{} of {} offers failed. Apply again to continue.", self.failures.len(), self.rows.len());
        ExitCode::FAILURE
    }
}
