//! Reads the content of an upload in chunks and in blocks.

use crate::error::{Error, ErrorKind};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// The number of bytes that are read and sent at a time.
const CHUNK: usize = 256 << 10;

/// Chunks of a file.
pub(super) type Chunks = BoxStream<'static, io::Result<Bytes>>;

/// What a file consists of.
pub(super) enum Content {
    Path(PathBuf),
    Bytes(Bytes),
    Stream {
        length: u64,
        /// `None` if the stream was read.
        chunks: Option<Chunks>,
    },
}

/// Returns the length of a file. A directory or a pipe is an error: a pipe could not be opened without waiting for its other end.
pub(super) async fn regular_file(path: &Path) -> Result<u64, Error> {
    let name = path.display().to_string();
    let found = tokio::fs::metadata(path).await.map_err(|error| unreadable(&name, error))?;
    if !found.is_file() {
        let hint = "Pass the path of a file. To upload from a pipe, pass its content with FileSource::bytes or FileSource::stream.";
        return Err(Error::new(ErrorKind::Io, format!("{name} is not a regular file")).with_hint(hint));
    }
    Ok(found.len())
}

pub(super) fn unreadable(what: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what} cannot be read: {error}")).with_source(error)
}

/// An open source.
pub(super) struct Reader {
    pub(super) length: u64,
    stall: Duration,
    content: Content,
    /// What is read in blocks, and the bytes that were read beyond a block.
    blocks: Option<(Chunks, Bytes)>,
}

impl Reader {
    pub(super) async fn open(content: Content, stall: Duration) -> Result<Self, Error> {
        let length = match &content {
            Content::Path(path) => regular_file(path).await?,
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Stream { length, .. } => *length,
        };
        Ok(Self { length, stall, content, blocks: None })
    }

    /// Returns true if the content can be read several times.
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self.content, Content::Stream { .. })
    }

    /// Returns the whole content in chunks, of exactly the expected length. A stream is an error the second time.
    pub(super) async fn chunks(&mut self) -> Result<Chunks, Error> {
        let chunks = match &mut self.content {
            Content::Bytes(bytes) => return Ok(sliced(bytes.clone())),
            Content::Stream { chunks, .. } => chunks.take().ok_or_else(|| {
                let hint = "Upload a path or bytes, which can be sent again, instead of a stream.";
                Error::new(ErrorKind::Io, "stream was already read and cannot be sent again").with_hint(hint)
            })?,
            Content::Path(path) => {
                let file = File::open(&path).await;
                read(file.map_err(|error| unreadable(&path.display().to_string(), error))?)
            }
        };
        let mut chunks = exactly(chunks, self.length);
        if self.length == 0 {
            // The body of an empty file is never read.
            if let Some(Err(error)) = timeout(self.stall, chunks.next()).await.map_err(|_| self.stalled())? {
                return Err(self.unreadable(error));
            }
        }
        Ok(chunks)
    }

    /// Returns the next `size` bytes.
    pub(super) async fn block(&mut self, size: usize) -> Result<Bytes, Error> {
        let (mut chunks, mut rest) = match self.blocks.take() {
            Some(open) => open,
            None => (self.chunks().await?, Bytes::new()),
        };
        let mut block = Vec::with_capacity(size);
        while block.len() < size {
            if rest.is_empty() {
                let next = timeout(self.stall, chunks.next()).await.map_err(|_| self.stalled())?;
                let ended = || Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                rest = next.unwrap_or_else(ended).map_err(|error| self.unreadable(error))?;
                continue;
            }
            let more = rest.split_to(rest.len().min(size - block.len()));
            block.extend_from_slice(&more);
        }
        self.blocks = Some((chunks, rest));
        Ok(block.into())
    }

    fn stalled(&self) -> Error {
        let message = format!("no data from {} for {} s", self.name(), self.stall.as_secs_f64());
        let hint = "Check the source of the file, or raise `stall_timeout`.";
        Error::new(ErrorKind::Timeout, message).with_hint(hint)
    }

    pub(super) fn unreadable(&self, error: io::Error) -> Error {
        unreadable(&self.name(), error)
    }

    fn name(&self) -> String {
        match &self.content {
            Content::Path(path) => path.display().to_string(),
            Content::Bytes(_) => "content".to_owned(),
            Content::Stream { .. } => "stream".to_owned(),
        }
    }
}

/// Splits bytes into chunks, so that progress is visible.
pub(super) fn sliced(mut bytes: Bytes) -> Chunks {
    let pieces = std::iter::from_fn(move || {
        let piece = bytes.split_to(bytes.len().min(CHUNK));
        (!piece.is_empty()).then_some(Ok(piece))
    });
    stream::iter(pieces).boxed()
}

/// Reads a file to its end.
fn read(file: File) -> Chunks {
    stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let size = file.read(&mut chunk).await?;
        chunk.truncate(size);
        Ok((size > 0).then(|| (Bytes::from(chunk), file)))
    })
    .boxed()
}

/// Passes on chunks of `length` bytes in total; more or less is an error.
///
/// The last chunk is held back until the source has ended, because the store accepts a file as soon as it is complete.
fn exactly(chunks: Chunks, length: u64) -> Chunks {
    // Empty chunks say nothing about the end.
    let chunks = chunks.filter(|chunk| std::future::ready(!chunk.as_ref().is_ok_and(Bytes::is_empty))).boxed();
    stream::try_unfold((chunks, length, false), move |(mut chunks, left, ended)| async move {
        if ended {
            return Ok(None);
        }
        let problem = |text: String| Err(io::Error::new(io::ErrorKind::InvalidData, text));
        let chunk = match chunks.next().await.transpose()? {
            Some(chunk) => chunk,
            None if left == 0 => return Ok(None),
            None => return problem(format!("it ends {left} bytes before its length of {length} bytes")),
        };
        let Some(left) = left.checked_sub(chunk.len() as u64) else {
            return problem(format!("it is longer than {length} bytes"));
        };
        if left == 0 && chunks.next().await.transpose()?.is_some() {
            return problem(format!("it is longer than {length} bytes"));
        }
        Ok(Some((chunk, (chunks, left, left == 0))))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;

    async fn read_all(pieces: &'static [&'static [u8]], length: u64) -> Result<Vec<u8>, Error> {
        let chunks = stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece)))).boxed();
        let mut reader =
            Reader::open(Content::Stream { length, chunks: Some(chunks) }, Duration::from_secs(60)).await?;
        let chunks = reader.chunks().await?;
        chunks.try_concat_bytes().await.map_err(|error| reader.unreadable(error))
    }

    trait ConcatBytes {
        async fn try_concat_bytes(self) -> io::Result<Vec<u8>>;
    }

    impl ConcatBytes for Chunks {
        async fn try_concat_bytes(self) -> io::Result<Vec<u8>> {
            self.try_fold(Vec::new(), |mut all, chunk| async move {
                all.extend_from_slice(&chunk);
                Ok(all)
            })
            .await
        }
    }

    #[tokio::test]
    async fn a_stream_of_another_length_is_an_error() {
        assert_eq!(read_all(&[b"ab", b"", b"cd"], 4).await.unwrap(), b"abcd");
        assert_eq!(read_all(&[], 0).await.unwrap(), b"");
        let longer: [(&'static [&'static [u8]], u64); 4] =
            [(&[b"abcde"], 4), (&[b"abcd", b"e"], 4), (&[b"abcd", b"", b"e"], 4), (&[b"a"], 0)];
        for (pieces, length) in longer {
            let error = read_all(pieces, length).await.unwrap_err();
            assert_eq!(error.to_string(), format!("stream cannot be read: it is longer than {length} bytes"));
        }
        let shorter = read_all(&[b"ab", b"c"], 4).await.unwrap_err();
        assert_eq!(shorter.to_string(), "stream cannot be read: it ends 1 bytes before its length of 4 bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_stalls_ends_the_reading_of_a_block() {
        let chunks = stream::iter([Ok(Bytes::from_static(b"PK"))]).chain(stream::pending()).boxed();
        let content = Content::Stream { length: 1 << 30, chunks: Some(chunks) };
        let mut reader = Reader::open(content, Duration::from_secs(60)).await.unwrap();
        let error = reader.block(8).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Timeout, "no data from stream for 60 s"));
    }

    #[tokio::test]
    async fn blocks_follow_each_other() {
        let chunks = stream::iter([b"abc", b"def"].map(|piece| Ok(Bytes::from_static(piece)))).boxed();
        let content = Content::Stream { length: 6, chunks: Some(chunks) };
        let mut reader = Reader::open(content, Duration::from_secs(60)).await.unwrap();
        assert_eq!((&*reader.block(4).await.unwrap(), &*reader.block(2).await.unwrap()), (&b"abcd"[..], &b"ef"[..]));
    }
}
