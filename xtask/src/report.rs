//! What a command says while it works: one aligned line a step on standard error, coloured on a terminal.

use anstyle::{AnsiColor, Style};
use std::io::Write;

const STEP: Style = AnsiColor::Green.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const FAILURE: Style = AnsiColor::Red.on_default().bold();

pub struct Report {
    quiet: bool,
}

impl Report {
    pub fn new() -> Self {
        Self { quiet: false }
    }

    /// Says nothing; for tests.
    #[cfg(test)]
    pub fn quiet() -> Self {
        Self { quiet: true }
    }

    pub fn step(&self, step: &str, what: &str) {
        self.line(&format!("{STEP}{step:>12}{STEP:#}  {what}"));
    }

    pub fn detail(&self, what: &str) {
        self.line(&format!("{:>12}  {what}", ""));
    }

    pub fn warn(&self, what: &str) {
        self.line(&format!("{WARNING}{:>12}{WARNING:#}  {what}", "warning"));
    }

    pub fn fail(&self, what: &str) {
        self.line(&format!("{FAILURE}{:>12}{FAILURE:#}  {what}", "error"));
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            // A closed standard error is no reason to stop working.
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }
}
