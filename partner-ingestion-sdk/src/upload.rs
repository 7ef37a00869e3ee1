//! Files go to the address that the service issues, not to the service: without its token.

use crate::client::is_loopback;
use crate::error::service_error;
use crate::transport::Answer;
use crate::types::Secret;
use crate::{Client, Error, ErrorKind, IfMatchRule, Operation};
use reqwest::{Body, Url};

static UPLOAD: Operation = Operation {
    name: "upload",
    method: "PUT",
    path: "",
    if_match: IfMatchRule::No,
    secret: true,
};

impl Client {
    /// Sends a file to an address that the service issued (`fileSasUri`), exactly as issued, in one Put Blob.
    ///
    /// The address is a secret; the token is not sent to it. Neither appears in an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`] when the address is not https (loopback excepted), [`ErrorKind::Status`] when the store
    /// refuses (403 for an address that has expired), [`ErrorKind::Connection`] and [`ErrorKind::Timeout`] on the way.
    pub async fn upload(&self, address: &Secret, file: impl Into<Body>) -> Result<(), Error> {
        let url = Url::parse(address.expose())
            .ok()
            .filter(|url| url.scheme() == "https" || is_loopback(url));
        let Some(url) = url else {
            return Err(Error::new(ErrorKind::Argument, "the upload address is not an https address").of(&UPLOAD));
        };
        let request = self.shared.http.put(url).header("x-ms-blob-type", "BlockBlob");
        let request = request.header("content-type", "application/octet-stream").body(file);
        let broken = |error: reqwest::Error| {
            let kind = if error.is_timeout() {
                ErrorKind::Timeout
            } else {
                ErrorKind::Connection
            };
            Error::new(kind, "the file cannot be sent")
                .with_source(error.without_url())
                .of(&UPLOAD)
        };
        let response = request.send().await.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return Ok(());
        }
        // What the store says may repeat the address; status and ids are enough.
        Err(service_error(
            &UPLOAD,
            &Answer {
                status,
                headers,
                body: Default::default(),
            },
        ))
    }
}
