//! What is wrong with an input, and where: every step reports all its findings at once.

use std::fmt;

/// One thing that stops `generate`: its place in the document, what stands there, what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub pointer: String,
    pub message: String,
    pub help: Option<String>,
}

impl Finding {
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(f, "{}", self.message)?;
        } else {
            write!(f, "{}: {}", self.pointer, self.message)?;
        }
        if let Some(help) = &self.help {
            for line in help.lines() {
                write!(f, "\n      {line}")?;
            }
        }
        Ok(())
    }
}

/// All findings of one step. An error only when there is at least one.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    pub fn extend(&mut self, other: Findings) {
        self.0.extend(other.0);
    }

    /// `Ok` when nothing was found, so that a step ends with `findings.into_result("step")?`.
    pub fn into_result(mut self, step: &str) -> anyhow::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort();
        self.0.dedup();
        let list: String = self.0.iter().map(|f| format!("\n    {f}")).collect();
        let count = self.0.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        Err(anyhow::anyhow!("{step}: {count} {noun}{list}"))
    }
}
