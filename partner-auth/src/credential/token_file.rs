//! Workload identity: the platform writes a token to a file and replaces it before it expires.

use super::{Assertion, AssertionRequest, AssertionSource, Credential};
use crate::{BoxFuture, Error, ErrorKind};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Assertions from a file to which a platform such as Kubernetes writes its token. The file is read for every token request.
///
/// ```
/// use partner_auth::{Credential, FederatedTokenFile};
///
/// let credential = Credential::from(FederatedTokenFile::new("/var/run/secrets/azure/tokens/azure-identity-token"));
/// ```
#[derive(Clone, Debug)]
pub struct FederatedTokenFile(PathBuf);

/// Maximum file size, in case the path is wrong. Tokens have a few kilobytes.
const MAX_FILE: u64 = 64 << 10;

impl FederatedTokenFile {
    /// Creates an assertion source for this path. The file does not have to exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl AssertionSource for FederatedTokenFile {
    fn assertion<'a>(&'a self, _: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>> {
        Box::pin(async { read(&self.0).await })
    }

    fn version(&self) -> u64 {
        let Ok(found) = std::fs::metadata(&self.0) else {
            return 0;
        };
        let mut hasher = DefaultHasher::new();
        (found.len(), found.modified().ok()).hash(&mut hasher);
        hasher.finish()
    }
}

async fn read(path: &Path) -> Result<Assertion, Error> {
    let with_path = |message: &str| format!("federated token file {} {message}", path.display());
    let unreadable = |error| Error::other(ErrorKind::Credential, with_path("cannot be read"), error);
    let owned = path.to_owned();
    let text = tokio::task::spawn_blocking(move || read_text(&owned)).await;
    let text = text.unwrap_or_else(|lost| Err(lost.into())).map_err(unreadable)?;
    let token = text.trim();
    let plausible = !token.is_empty() && text.len() as u64 <= MAX_FILE && token.bytes().all(|b| b.is_ascii_graphic());
    if !plausible {
        return Err(Error::new(ErrorKind::Credential, with_path("has no token: expected one line of text")));
    }
    Ok(Assertion::new(token))
}

/// Reads at most one byte more than [`MAX_FILE`], into memory that does not grow, because that would leave copies.
fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE as usize + 1));
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    Ok(text)
}

impl From<FederatedTokenFile> for Credential {
    fn from(file: FederatedTokenFile) -> Self {
        Self::assertion(file)
    }
}
