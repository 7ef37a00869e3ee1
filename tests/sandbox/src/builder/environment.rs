//! Where a sandbox listens, its credentials and its files.

use super::SandboxBuilder;
use std::path::PathBuf;

impl SandboxBuilder {
    /// Sets the port. Default: a free port.
    pub fn port(mut self, port: u16) -> Self {
        self.network.port = port;
        self
    }

    /// Sets the port of the blob store, to which files are uploaded. 0 is a free port; `None` is the port of the API. Default: a free
    /// port, because the real service has its files on another host.
    pub fn blob_port(mut self, port: impl Into<Option<u16>>) -> Self {
        self.network.blob_port = port.into();
        self
    }

    /// Sets the address to listen on, or the name of an interface. Default: `127.0.0.1`. An address that other machines can reach
    /// requires [`allow_remote`](Self::allow_remote).
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.network.host = host.into();
        self
    }

    /// Allows an address that other machines can reach. The sandbox has no encryption and known credentials: use it only in a network
    /// that you trust, such as that of a container. Default: false.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use partner_sandbox::Sandbox;
    ///
    /// let error = Sandbox::builder().host("0.0.0.0").start().await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// let container = Sandbox::builder().host("0.0.0.0").allow_remote(true).hostname("sandbox").start().await;
    /// assert!(container.unwrap().url().starts_with("http://sandbox:"));
    /// # }
    /// ```
    pub fn allow_remote(mut self, allow: bool) -> Self {
        self.network.allow_remote = allow;
        self
    }

    /// Sets the name by which clients reach the sandbox, such as the name of a container. URLs have this name, and requests to the
    /// control API may have it in `Host`. Default: the address of [`host`](Self::host), or `127.0.0.1` if that is any address.
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.network.hostname = Some(name.into());
        self
    }

    /// Sets the tenant id. Default: a new GUID.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = tenant.into();
        self
    }

    /// Sets the client id of the application. Default: a new GUID.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// Sets the client secret of the application. Default: a new one.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = secret.into();
        self
    }

    /// Starts with the resources and files of a state file, or after the requests of a [recording](Self::record). The file is not
    /// changed. Default: none.
    ///
    /// [`start`](Self::start) returns an error if the file cannot be read, or a recorded request has another status.
    pub fn seed(mut self, file: impl Into<PathBuf>) -> Self {
        self.seed = Some(file.into());
        self
    }

    /// Keeps resources, files and active incidents in this file. It is read at the start, if it exists. It is written every 2 seconds if
    /// something changed, and when the sandbox stops. The file is replaced atomically. Default: none.
    ///
    /// Tokens, faults and calls are not kept. Upload URLs contain the port: set [`port`](Self::port), too. If the file exists, the
    /// [`seed`](Self::seed) is used only by [`Sandbox::reset`](crate::Sandbox::reset).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = std::env::temp_dir().join(format!("partner-sandbox-doc-{}.json", std::process::id()));
    /// let sandbox = partner_sandbox::Sandbox::builder().state_file(&file).start().await?;
    /// sandbox.stop().await?;
    /// assert!(file.exists());
    /// # std::fs::remove_file(file)
    /// # }
    /// ```
    pub fn state_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.state_file = Some(file.into());
        self
    }

    /// Adds every exchange to this file, as one line of JSON without tokens, secrets and signatures. Default: none.
    ///
    /// | field | content |
    /// | --- | --- |
    /// | `time` | the time by the sandbox's clock, in RFC 3339 format |
    /// | `method`, `path`, `operation` | the call; `path` includes the query |
    /// | `status`, `note`, `durationMilliseconds` | the response, and why it is an error |
    /// | `request`, `response` | `headers` and `body`: JSON, a text, or a file as `{"base64": "..."}`; at most 256 KiB |
    ///
    /// [`Sandbox::replay`](crate::Sandbox::replay) sends the requests again. Token requests are recorded, but not sent again.
    pub fn record(mut self, file: impl Into<PathBuf>) -> Self {
        self.record = Some(file.into());
        self
    }
}
