//! Problems of an input, with their places. Each step reports all its findings at once.

use super::source::SourceText;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use std::collections::BTreeSet;
use std::fmt;

/// Maximum number of findings that are printed. The others are counted.
pub const SHOWN: usize = 40;
const LONGEST_LINE: usize = 500;

/// One problem that stops `generate`: its place in the document, a message, and a hint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub pointer: String,
    pub message: String,
    pub help: Option<String>,
    /// File and line of the cause, if that is not the document.
    pub cause: Option<String>,
}

impl Finding {
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: None, cause: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cause) = &self.cause {
            write!(f, "{cause}: ")?;
        }
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

/// The findings of one step.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Adds the findings about places that have none yet: a later step fails on what an earlier one reported.
    pub fn extend_elsewhere(&mut self, other: Findings) {
        let known: BTreeSet<String> = self.0.iter().map(|finding| finding.pointer.clone()).collect();
        self.0.extend(
            other.0.into_iter().filter(|finding| finding.pointer.is_empty() || !known.contains(&finding.pointer)),
        );
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.0.iter_mut()
    }

    pub fn extend(&mut self, other: Findings) {
        self.0.extend(other.0);
    }

    /// Returns an error that lists all findings, or `Ok` if there are none.
    pub fn into_result(self, step: &str) -> anyhow::Result<()> {
        self.listed(step, |finding| format!("\n    {finding}"))
    }

    /// Same as [`into_result`](Self::into_result), but prints each finding with its line of the document.
    pub fn into_result_in(self, step: &str, source: &SourceText) -> anyhow::Result<()> {
        self.listed(step, |finding| match finding.pointer.is_empty() || finding.cause.is_some() {
            true => format!("\n    {finding}"),
            false => format!("\n\n{}", in_its_line(finding, source)),
        })
    }

    fn listed(mut self, step: &str, render: impl FnMut(&Finding) -> String) -> anyhow::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort();
        self.0.dedup();
        let mut list: String = self.0.iter().take(SHOWN).map(render).collect();
        if let Some(more) = self.0.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            list += &format!("\n    and {more} more");
        }
        let count = self.0.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        Err(anyhow::anyhow!("{step}: {count} {noun}{list}"))
    }
}

/// Renders a finding like a compiler error: message, file with line and column, the line itself, the pointer, the hint.
fn in_its_line(finding: &Finding, source: &SourceText) -> String {
    let at = source.locate(&finding.pointer);
    let (line, column) = source.line_and_column(at.start);
    let start = source.text[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
    let text = source.text[start..].lines().next().unwrap_or_default();
    let title = Level::ERROR.primary_title(finding.message.as_str());
    let mut group = match text.len() > LONGEST_LINE {
        // The single line of a minified document is omitted.
        true => title.element(Origin::path(source.name.as_str()).line(line).char_column(column)),
        false => {
            let marked = at.start - start..(at.end - start).min(text.len()).max(at.start - start);
            let mark = AnnotationKind::Primary.span(marked);
            title.element(Snippet::source(text).path(source.name.as_str()).line_start(line).annotation(mark))
        }
    };
    group = group.element(Level::NOTE.message(format!("at {}", finding.pointer)));
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::styled().render(&[group])
}

/// The reason why a file is not a usable document, and the place.
#[derive(Debug)]
pub struct NotUsable {
    pub pointer: String,
    pub message: String,
}

impl NotUsable {
    pub fn at(pointer: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), message: message.into() }
    }
}

impl fmt::Display for NotUsable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

impl std::error::Error for NotUsable {}
