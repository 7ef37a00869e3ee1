//! The content of an upload: a path, bytes, or a stream of known length.

use crate::error::{Error, ErrorKind};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// The number of bytes that are read and sent at a time.
const CHUNK: usize = 256 << 10;

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

enum Content {
    Path(PathBuf),
    Bytes(Bytes),
    Stream { length: u64, chunks: BoxStream<'static, io::Result<Bytes>> },
}

impl FileSource {
    /// Creates a source from bytes in memory.
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self { name: Some(name.into()), content: Content::Bytes(content.into()) }
    }

    /// Creates a source from a stream of exactly `length` bytes. A stream can be read only once: up to the size limit of a
    /// single request, a lost connection ends the upload.
    pub fn stream(
        name: impl Into<String>,
        length: u64,
        chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self { name: Some(name.into()), content: Content::Stream { length, chunks: chunks.boxed() } }
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

    /// Checks that the file can be read, before a resource is created. The future borrows nothing: a stream is not `Sync`.
    pub(super) fn check(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let path = match &self.content {
            Content::Path(path) => Some(path.clone()),
            Content::Bytes(_) | Content::Stream { .. } => None,
        };
        async move {
            let Some(path) = path else { return Ok(()) };
            let opened = File::open(&path).await;
            opened.map(drop).map_err(|error| unreadable(&path.display().to_string(), error))
        }
    }

    /// Opens the source at its beginning.
    pub(super) async fn open(self) -> Result<Reader, Error> {
        match self.content {
            Content::Bytes(bytes) => Ok(Reader { length: bytes.len() as u64, content: Open::Bytes(bytes) }),
            Content::Stream { length, chunks } => {
                Ok(Reader { length, content: Open::Stream { chunks: Some(chunks), rest: Bytes::new() } })
            }
            Content::Path(path) => {
                let opened = async {
                    let file = File::open(&path).await?;
                    let length = file.metadata().await?.len();
                    io::Result::Ok((file, length))
                };
                let (file, length) = opened.await.map_err(|error| unreadable(&path.display().to_string(), error))?;
                let content = Open::File { file, path };
                Ok(Reader { length, content })
            }
        }
    }
}

fn unreadable(what: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what} cannot be read: {error}")).with_source(error)
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

/// An open source.
pub(super) struct Reader {
    pub(super) length: u64,
    content: Open,
}

enum Open {
    File {
        file: File,
        path: PathBuf,
    },
    Bytes(Bytes),
    Stream {
        chunks: Option<BoxStream<'static, io::Result<Bytes>>>,
        /// The bytes read beyond a block.
        rest: Bytes,
    },
}

impl Reader {
    /// Returns true if the content can be read several times.
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self.content, Open::Stream { .. })
    }

    /// Returns the whole content in chunks. A stream is an error the second time.
    pub(super) async fn chunks(&mut self) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
        match &mut self.content {
            Open::Bytes(bytes) => Ok(sliced(bytes.clone())),
            Open::Stream { chunks, .. } => chunks.take().ok_or_else(|| {
                let hint = "Upload a path or bytes, which can be sent again, instead of a stream.";
                Error::new(ErrorKind::Io, "stream was already read and cannot be sent again").with_hint(hint)
            }),
            Open::File { path, .. } => {
                let file = File::open(&path).await;
                let file = file.map_err(|error| unreadable(&path.display().to_string(), error))?;
                Ok(read(file, self.length))
            }
        }
    }

    /// Returns `size` bytes from `at` on. For a stream, `at` must be the end of the previous block.
    pub(super) async fn block(&mut self, at: u64, size: usize) -> Result<Bytes, Error> {
        match &mut self.content {
            Open::Bytes(bytes) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.slice(at..bytes.len().min(at.saturating_add(size))))
            }
            Open::File { file, path } => {
                let mut block = vec![0; size];
                let filled = async {
                    file.seek(io::SeekFrom::Start(at)).await?;
                    file.read_exact(&mut block).await
                };
                filled.await.map_err(|error| unreadable(&path.display().to_string(), error))?;
                Ok(block.into())
            }
            Open::Stream { chunks, rest } => {
                let mut block = Vec::with_capacity(size);
                while block.len() < size {
                    if rest.is_empty() {
                        let next = match chunks {
                            Some(chunks) => chunks.next().await,
                            None => None,
                        };
                        let ended = || Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                        *rest = next.unwrap_or_else(ended).map_err(|error| unreadable("stream", error))?;
                        continue;
                    }
                    let more = rest.split_to(rest.len().min(size - block.len()));
                    block.extend_from_slice(&more);
                }
                Ok(block.into())
            }
        }
    }
}

/// Splits bytes into chunks, so that progress is visible.
pub(super) fn sliced(mut bytes: Bytes) -> BoxStream<'static, io::Result<Bytes>> {
    let pieces = std::iter::from_fn(move || {
        let piece = bytes.split_to(bytes.len().min(CHUNK));
        (!piece.is_empty()).then_some(Ok(piece))
    });
    stream::iter(pieces).boxed()
}

/// Reads a file of exactly `length` bytes.
fn read(file: File, length: u64) -> BoxStream<'static, io::Result<Bytes>> {
    stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))];
        let size = file.read(&mut chunk).await?;
        if size == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "file was truncated"));
        }
        chunk.truncate(size);
        Ok(Some((Bytes::from(chunk), (file, left - size as u64))))
    })
    .boxed()
}
