//! The text that a manifest was read from: messages name its file, line and column.

use super::fault::{Fault, Pointer};
use super::place;
use crate::error::{Error, ErrorKind};
use std::fmt;
use std::sync::Arc;

/// The format of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    Json,
    #[cfg(feature = "yaml")]
    Yaml,
}

/// The text that a manifest was read from.
#[derive(Clone)]
pub(crate) struct Source {
    name: Arc<str>,
    text: Arc<str>,
    format: Format,
}

/// Without the text.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.name).finish()
    }
}

impl Source {
    pub(crate) fn new(name: &str, text: &str, format: Format) -> Self {
        Self { name: name.into(), text: text.into(), format }
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the line and the column of each place, or of its nearest parent.
    pub(crate) fn places<'p>(&self, pointers: impl IntoIterator<Item = &'p Pointer>) -> Vec<(usize, usize)> {
        let pointers = pointers.into_iter();
        match self.format {
            Format::Json => pointers.map(|at| place::in_json(&self.text, at)).collect(),
            #[cfg(feature = "yaml")]
            Format::Yaml => {
                let places = place::YamlPlaces::of(&self.text);
                pointers.map(|at| places.find(at)).collect()
            }
        }
    }

    /// The error for a fault.
    pub(crate) fn error(&self, fault: &Fault) -> Error {
        let (line, column) = self.places([&fault.at])[0];
        located(&self.name, line, column, &fault.to_string())
    }
}

/// The error at a line and a column of a file.
pub(crate) fn located(name: &str, line: usize, column: usize, message: &str) -> Error {
    Error::new(ErrorKind::Manifest, format!("{name}:{line}:{column}: {message}"))
}
