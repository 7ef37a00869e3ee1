//! The content of an upload: a path, bytes, or a stream of known length.

use super::reader::{Content, Reader, regular_file, unreadable};
use crate::error::Error;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::File;

/// A file to upload. A string or path names a file on disk; bytes and streams need a name.
///
/// ```
/// use partner_ingestion_sdk::FileSource;
///
/// let on_disk = FileSource::from("target/app.zip");
/// assert_eq!(on_disk.name(), Some("app.zip"));
/// let in_memory = FileSource::bytes("logo.png", &b"PNG"[..]);
/// assert_eq!(in_memory.name(), Some("logo.png"));
/// ```
pub struct FileSource {
    name: Option<String>,
    content: Content,
}

impl FileSource {
    /// Creates a source from bytes in memory.
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self { name: Some(name.into()), content: Content::Bytes(content.into()) }
    }

    /// Creates a source from a stream of exactly `length` bytes; an upload of a longer or a shorter stream fails. A stream can be
    /// read only once: up to the size limit of a single request, a lost connection ends the upload.
    pub fn stream(
        name: impl Into<String>,
        length: u64,
        chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self { name: Some(name.into()), content: Content::Stream { length, chunks: Some(chunks.boxed()) } }
    }

    /// Sets the file name that the service receives.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Returns the file name that the service receives.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the same source once more, or `None` for a stream.
    pub(super) fn again(&self) -> Option<Self> {
        let content = match &self.content {
            Content::Path(path) => Content::Path(path.clone()),
            Content::Bytes(bytes) => Content::Bytes(bytes.clone()),
            Content::Stream { .. } => return None,
        };
        Some(Self { name: self.name.clone(), content })
    }

    /// Checks that the file can be read, before a resource is created. The future borrows nothing: a stream is not `Sync`.
    pub(super) fn check(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let path = match &self.content {
            Content::Path(path) => Some(path.clone()),
            Content::Bytes(_) | Content::Stream { .. } => None,
        };
        async move {
            let Some(path) = path else { return Ok(()) };
            regular_file(&path).await?;
            let opened = File::open(&path).await;
            opened.map(drop).map_err(|error| unreadable(&path.display().to_string(), error))
        }
    }

    /// Opens the source at its beginning. `stall` is the longest time to wait for data.
    pub(super) async fn open(self, stall: Duration) -> Result<Reader, Error> {
        Reader::open(self.content, stall).await
    }
}

impl From<&str> for FileSource {
    fn from(path: &str) -> Self {
        Path::new(path).into()
    }
}

impl From<&Path> for FileSource {
    fn from(path: &Path) -> Self {
        Self {
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            content: Content::Path(path.to_owned()),
        }
    }
}

impl From<PathBuf> for FileSource {
    fn from(path: PathBuf) -> Self {
        path.as_path().into()
    }
}

impl From<String> for FileSource {
    fn from(path: String) -> Self {
        path.as_str().into()
    }
}

impl From<&PathBuf> for FileSource {
    fn from(path: &PathBuf) -> Self {
        path.as_path().into()
    }
}

impl From<Bytes> for FileSource {
    fn from(content: Bytes) -> Self {
        Self { name: None, content: Content::Bytes(content) }
    }
}

impl From<Vec<u8>> for FileSource {
    fn from(content: Vec<u8>) -> Self {
        Bytes::from(content).into()
    }
}

impl From<&'static [u8]> for FileSource {
    fn from(content: &'static [u8]) -> Self {
        Bytes::from_static(content).into()
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSource").field("name", &self.name).finish_non_exhaustive()
    }
}
