//! Workload identity: a platform writes tokens into a file and replaces them before they expire.

use super::{Assertion, AssertionRequest, AssertionSource, Credential};
use crate::{BoxFuture, Error, ErrorKind};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file that a platform such as Kubernetes writes its token into. It is read for every token request.
///
/// ```
/// use partner_auth::{Credential, FederatedTokenFile};
///
/// let credential = Credential::from(FederatedTokenFile::new("/var/run/secrets/azure/tokens/azure-identity-token"));
/// ```
#[derive(Clone, Debug)]
pub struct FederatedTokenFile(PathBuf);

/// Tokens are a few kilobytes; a wrong path must not fill the memory.
const MAX_FILE: u64 = 64 << 10;

impl FederatedTokenFile {
    /// Of this path, which need not exist yet.
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
    use tokio::io::AsyncReadExt;
    let failed = |what: &str| format!("the federated token file {} {what}", path.display());
    let unreadable = |error| Error::other(ErrorKind::Credential, failed("cannot be read"), error);
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE + 1).read_to_string(&mut text).await.map_err(unreadable)?;
    let token = text.trim();
    let plausible = !token.is_empty() && text.len() as u64 <= MAX_FILE && token.bytes().all(|b| b.is_ascii_graphic());
    if !plausible {
        return Err(Error::new(ErrorKind::Credential, failed("holds no token: one line of text is expected")));
    }
    Ok(Assertion::new(token))
}

impl From<FederatedTokenFile> for Credential {
    fn from(file: FederatedTokenFile) -> Self {
        Self::assertion(file)
    }
}
