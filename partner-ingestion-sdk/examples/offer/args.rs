//! The command line.

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Keeps offers as files: exports, compares, checks, applies and copies them.
#[derive(Parser)]
#[command(
    name = "offer",
    after_help = "A folder has one offer: offer.json (or offer.yaml) and the files that it names.\n\n\
                  Where:\n  \
                  Without --live and --sandbox, a command uses the sandbox that the environment names (the variables that\n  \
                  `partner-sandbox` prints), or else a new sandbox in its own process, which has one offer, contoso-app,\n  \
                  and needs no account.\n\n\
                  First steps:\n  \
                  offer export contoso-app contoso      write contoso/offer.json, logos and packages\n  \
                  offer diff contoso                    after an edit: what would change\n  \
                  offer apply contoso --publish         change it, and publish it\n\n\
                  Exit codes: 0 success, 1 failure, 2 invalid arguments, 3 `diff` found changes."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Which service a command uses.
#[derive(Group)]
pub(crate) struct Target {
    /// Use the real service with the account in the environment, for example AZURE_TENANT_ID, AZURE_CLIENT_ID and
    /// AZURE_CLIENT_SECRET. Requires confirmation before any change
    #[arg(long, global = true)]
    pub(crate) live: bool,
    /// Use a running sandbox, for example http://127.0.0.1:8080/v1.0/ingestion, with the account in the environment
    #[arg(long, global = true, value_name = "URL", conflicts_with = "live")]
    pub(crate) sandbox: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write an offer and its files into a folder
    Export(Export),
    /// Show what applying a folder would change
    #[command(after_help = "Exit codes: 0 no change, 1 failure, 2 invalid arguments, 3 changes.")]
    Diff(Diff),
    /// Check folders and their files against the rules of publishing, without the service. Findings have file, line and column
    #[command(after_help = "Exit codes: 0 no findings, 1 findings or failure, 2 invalid arguments.")]
    Check {
        /// Folders of offers, or folders that have such folders
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
    },
    /// Create or change offers so that they match their folders
    #[command(after_help = "What does not differ is not written. After an error, apply again to continue.\n\n\
                      Exit codes: 0 success, 1 at least one offer failed, 2 invalid arguments.")]
    Apply(Apply),
    /// Copy a folder to a new one with another offer id, without the service
    Clone(Clone),
    /// Convert the configuration files of azpc (az-partner-center-cli), without the service
    ImportAzpc {
        /// manifest.yml, or the folder that has it
        path: PathBuf,
        /// The folder to write. It must not exist or must be empty
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print the JSON Schema of a manifest, with which editors complete and check it
    Schema,
}

#[derive(Group)]
pub(crate) struct Export {
    /// Offer id, which Partner Center shows
    pub(crate) id: String,
    /// The folder to write. Files with the same content are left as they are
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Export what is live instead of the drafts
    #[arg(long)]
    pub(crate) live_state: bool,
    /// Export what the preview has instead of the drafts
    #[arg(long, conflicts_with = "live_state")]
    pub(crate) preview: bool,
}

#[derive(Group)]
pub(crate) struct Diff {
    /// The folder of the offer
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// How changes are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal
    Text,
    /// For a review, for example a comment on a pull request
    Markdown,
    /// For programs: a list of changes, each with kind, resource, pointer, before and after
    Json,
}

#[derive(Group)]
pub(crate) struct Apply {
    /// Folders of offers, or folders that have such folders. An offer that fails does not stop the others
    #[arg(required = true, value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    /// How many offers are applied at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) at_a_time: u8,
    /// Publish offers whose drafts differ from what is live: to `live`, or only to `preview`, which a later `--publish` takes
    /// live. Folders are checked before anything is sent
    #[arg(long, value_name = "STAGE", num_args = 0..=1, require_equals = true, default_missing_value = "live")]
    pub(crate) publish: Option<Stage>,
    /// Print what would be done without changing anything
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete plans, languages and files that a folder does not have
    #[arg(long)]
    pub(crate) prune: bool,
    /// With --live, do not ask for confirmation, for example in CI
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Stage {
    /// Until it can be reviewed in the preview
    Preview,
    /// Until customers see it
    Live,
}

#[derive(Group)]
pub(crate) struct Clone {
    /// The folder to copy
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The offer id of the copy
    #[arg(value_name = "NEW_ID")]
    pub(crate) id: String,
    /// The folder of the copy. It must not exist or must be empty [default: the offer id, beside DIR]
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// The name of the copy in Partner Center [default: the same name]
    #[arg(long)]
    pub(crate) name: Option<String>,
}
