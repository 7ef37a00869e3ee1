//! The progress of a command: one aligned line for each step on standard error, coloured on a terminal.

use crate::document::finding::{self, Finding};
use crate::document::source::SourceText;
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

const STEP: Style = AnsiColor::Green.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const FAILURE: Style = AnsiColor::Red.on_default().bold();

#[derive(Default)]
pub struct Report {
    quiet: bool,
    /// What would be printed, for tests.
    #[cfg(test)]
    pub lines: std::sync::Mutex<Vec<String>>,
}

impl Report {
    /// Creates a report that prints nothing; for tests.
    #[cfg(test)]
    pub fn quiet() -> Self {
        Self { quiet: true, ..Self::default() }
    }

    /// Returns true if output is printed.
    pub fn is_shown(&self) -> bool {
        !self.quiet
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

    /// Warns of names that the maintainer should know about, with their places.
    pub fn notices(&self, notices: &[Finding], source: &SourceText) {
        for notice in notices.iter().take(finding::SHOWN) {
            let (line, column) = source.line_and_column(source.locate(&notice.pointer).start);
            self.warn(&format!("{}:{line}:{column}: {notice}", source.name));
        }
        if let Some(more) = notices.len().checked_sub(finding::SHOWN).filter(|more| *more > 0) {
            self.warn(&format!("and {more} more of these"));
        }
    }

    pub fn fail(&self, what: &str) {
        self.line(&format!("{FAILURE}{:>12}{FAILURE:#}  {what}", "error"));
    }

    /// Shows a spinner on a terminal, or a plain line elsewhere, until the returned value is dropped.
    pub fn busy(&self, step: &str, what: &str) -> Busy {
        let bar = match self.quiet || !std::io::stderr().is_terminal() {
            true => ProgressBar::hidden(),
            false => ProgressBar::new_spinner().with_prefix(format!("{step:>12}")).with_message(what.to_owned()),
        };
        if bar.is_hidden() {
            self.step(step, what);
        }
        if let Ok(style) = ProgressStyle::with_template("{prefix:.green.bold}  {msg} {spinner} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Busy(bar)
    }

    fn line(&self, text: &str) {
        #[cfg(test)]
        self.lines.lock().unwrap().push(anstream::adapter::strip_str(text).to_string());
        if !self.quiet {
            // Continue if standard error is closed.
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }
}

/// A long step in progress.
pub struct Busy(ProgressBar);

impl Busy {
    /// Updates the message of the spinner.
    pub fn progress(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
