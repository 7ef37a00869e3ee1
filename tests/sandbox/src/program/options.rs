//! The options of the program, from the command line, the environment and a file, in this order of precedence.

use clap::{Parser, Subcommand};
use partner_sandbox::{Incident, Sandbox, SandboxBuilder};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// The credentials, which are the same at each start. The secret is public: a sandbox has nothing to protect.
const TENANT: &str = "10000000-0000-4000-8000-000000000000";
const CLIENT_ID: &str = "20000000-0000-4000-8000-000000000000";
const CLIENT_SECRET: &str = "sandbox-secret";

/// Run Entra ID, the Partner Center Ingestion API and a blob store on this machine.
///
/// Each option can also be set in the environment, or in the file of --config with its name without dashes in front (`port = 8080`). The
/// command line has precedence over the environment, and the environment over the file.
#[derive(Default, Deserialize, Parser)]
#[command(name = "partner-sandbox", version, max_term_width = 120)]
#[command(after_help = "Prints environment variables for clients to standard output, and every call to standard error.
Exit codes: 0 stopped, 1 cannot listen or save, 2 invalid option.")]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Options {
    #[command(subcommand)]
    #[serde(skip)]
    pub(crate) command: Option<Command>,
    /// Read options from this TOML file.
    #[arg(long, value_name = "FILE", env = "PARTNER_SANDBOX_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1].
    #[arg(long, value_name = "ADDRESS", env = "PARTNER_SANDBOX_HOST")]
    host: Option<String>,
    /// Port to listen on [default: a free port].
    #[arg(long, value_name = "PORT", env = "PARTNER_SANDBOX_PORT")]
    port: Option<u16>,
    /// Use another port for uploads; 0 is a free port [default: the same port].
    #[arg(long, value_name = "PORT", env = "PARTNER_SANDBOX_BLOB_PORT")]
    blob_port: Option<u16>,
    /// Allow a host that other machines can reach. There is no encryption, and the credentials are public.
    #[arg(long, env = "PARTNER_SANDBOX_ALLOW_REMOTE")]
    pub(crate) allow_remote: bool,
    /// Name by which clients reach the sandbox, such as that of its container [default: the host].
    #[arg(long, value_name = "NAME", env = "PARTNER_SANDBOX_HOSTNAME")]
    hostname: Option<String>,
    /// Tenant id [default: 10000000-0000-4000-8000-000000000000].
    #[arg(long, value_name = "ID", env = "PARTNER_SANDBOX_TENANT")]
    tenant: Option<String>,
    /// Client id of the application [default: 20000000-0000-4000-8000-000000000000].
    #[arg(long, value_name = "ID", env = "PARTNER_SANDBOX_CLIENT_ID")]
    client_id: Option<String>,
    /// Client secret of the application [default: sandbox-secret].
    #[arg(long, value_name = "SECRET", env = "PARTNER_SANDBOX_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
    /// Start with the resources of this state file, or after the requests of this recording. The file is not changed.
    #[arg(long, value_name = "FILE", env = "PARTNER_SANDBOX_SEED")]
    seed: Option<PathBuf>,
    /// Keep resources and files in this file: read at the start, saved every 2 seconds and at the end.
    #[arg(long, value_name = "FILE", env = "PARTNER_SANDBOX_STATE")]
    state: Option<PathBuf>,
    /// Add every call to this file, as one line of JSON without secrets.
    #[arg(long, value_name = "FILE", env = "PARTNER_SANDBOX_RECORD")]
    record: Option<PathBuf>,
    /// Milliseconds per processing step of a package or a submission [default: 1000].
    #[arg(long, value_name = "MS", env = "PARTNER_SANDBOX_PROCESSING_DELAY")]
    processing_delay: Option<u64>,
    /// Products per page [default: 2].
    #[arg(long, value_name = "N", env = "PARTNER_SANDBOX_PAGE_SIZE")]
    page_size: Option<usize>,
    /// Lifetime of access tokens in seconds [default: 3600].
    #[arg(long, value_name = "S", env = "PARTNER_SANDBOX_TOKEN_LIFETIME")]
    token_lifetime: Option<u64>,
    /// Start with this incident; may be repeated.
    #[arg(long, value_name = "NAME", env = "PARTNER_SANDBOX_INCIDENT", value_delimiter = ',')]
    incident: Vec<Incident>,
    /// Do not check this rule of publishing; may be repeated.
    #[arg(long, value_name = "ID", env = "PARTNER_SANDBOX_WITHOUT_RULE", value_delimiter = ',')]
    without_rule: Vec<String>,
    /// Do not check any rule of publishing.
    #[arg(long, env = "PARTNER_SANDBOX_WITHOUT_RULES")]
    without_rules: bool,
    /// Enable the HTTP control API under /sandbox/.
    #[arg(long, env = "PARTNER_SANDBOX_CONTROL")]
    control: bool,
    /// Print one line of JSON to standard output when the sandbox is ready, instead of environment variables.
    #[arg(long, env = "PARTNER_SANDBOX_JSON")]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Send recorded requests to a new sandbox, and print where its responses differ in status and shape.
    ///
    /// Options of the sandbox precede the command: `partner-sandbox --without-rules replay FILE`. Exit codes: 0 no differences, 1
    /// differences, 2 the file is not a recording.
    Replay {
        /// A file of --record, or lines of JSON in its format.
        file: PathBuf,
    },
}

impl Options {
    /// Adds the options of the file, if there is one.
    pub(crate) fn with_file(self) -> Result<Self, String> {
        let Some(path) = &self.config else { return Ok(self) };
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let file: Self = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(self.or(file))
    }

    /// Returns these options, and those of `file` where they are not set.
    fn or(self, file: Self) -> Self {
        let either = |own: Vec<_>, other| if own.is_empty() { other } else { own };
        Self {
            command: self.command,
            config: self.config,
            host: self.host.or(file.host),
            port: self.port.or(file.port),
            blob_port: self.blob_port.or(file.blob_port),
            allow_remote: self.allow_remote || file.allow_remote,
            hostname: self.hostname.or(file.hostname),
            tenant: self.tenant.or(file.tenant),
            client_id: self.client_id.or(file.client_id),
            client_secret: self.client_secret.or(file.client_secret),
            seed: self.seed.or(file.seed),
            state: self.state.or(file.state),
            record: self.record.or(file.record),
            processing_delay: self.processing_delay.or(file.processing_delay),
            page_size: self.page_size.or(file.page_size),
            token_lifetime: self.token_lifetime.or(file.token_lifetime),
            incident: if self.incident.is_empty() { file.incident } else { self.incident },
            without_rule: either(self.without_rule, file.without_rule),
            without_rules: self.without_rules || file.without_rules,
            control: self.control || file.control,
            json: self.json || file.json,
        }
    }

    pub(crate) fn builder(self) -> Result<SandboxBuilder, String> {
        if self.port.is_some_and(|port| port != 0 && Some(port) == self.blob_port) {
            return Err("--blob-port is the port of --port; omit it to use one port".to_owned());
        }
        let mut builder = Sandbox::builder()
            .port(self.port.unwrap_or(0))
            .blob_port(self.blob_port)
            .allow_remote(self.allow_remote)
            .tenant(self.tenant.unwrap_or_else(|| TENANT.to_owned()))
            .client_id(self.client_id.unwrap_or_else(|| CLIENT_ID.to_owned()))
            .client_secret(self.client_secret.unwrap_or_else(|| CLIENT_SECRET.to_owned()))
            .processing_delay(Duration::from_millis(self.processing_delay.unwrap_or(1000)))
            .control(self.control)
            .page(true);
        if let Some(host) = self.host {
            builder = builder.host(host);
        }
        if let Some(name) = self.hostname {
            builder = builder.hostname(name);
        }
        if let Some(file) = self.seed {
            builder = builder.seed(file);
        }
        if let Some(file) = self.state {
            builder = builder.state_file(file);
        }
        if let Some(file) = self.record {
            builder = builder.record(file);
        }
        if let Some(items) = self.page_size {
            builder = builder.page_size(items);
        }
        if let Some(seconds) = self.token_lifetime {
            builder = builder.token_lifetime(Duration::from_secs(seconds));
        }
        if self.without_rules {
            builder = builder.without_rules();
        }
        builder = self.without_rule.into_iter().fold(builder, SandboxBuilder::without_rule);
        Ok(self.incident.into_iter().fold(builder, SandboxBuilder::incident))
    }
}
