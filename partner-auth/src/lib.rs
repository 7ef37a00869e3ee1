#![cfg_attr(feature = "entra", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "entra"),
    doc = "The trait [`TokenProvider`], through which an API client gets its access tokens."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod challenge;
mod error;
mod provider;
mod retry_after;
mod token;

#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "entra")]
mod cache;
#[cfg(feature = "entra")]
mod clock;
mod connection;
#[cfg(feature = "entra")]
mod credential;
#[cfg(feature = "entra")]
mod entra;
#[cfg(feature = "entra")]
mod env;
#[cfg(test)]
#[cfg(feature = "certificate")]
mod extremes;
#[cfg(test)]
#[cfg(feature = "certificate")]
mod interop;
#[cfg(test)]
#[cfg(feature = "certificate")]
mod secret_leaks;
#[cfg(feature = "entra")]
mod source;
#[cfg(feature = "entra")]
mod status;

#[cfg(any(all(test, feature = "entra"), feature = "testing"))]
pub mod testing;

#[cfg(feature = "certificate")]
#[doc = include_str!("../GUIDE.md")]
pub mod guide {}

pub use challenge::Challenge;
#[doc(hidden)]
pub use connection::ConnectionFailure;
#[cfg(feature = "certificate")]
pub use credential::{Certificate, SigningAlgorithm};
pub use error::{Error, ErrorKind};
pub use provider::{BoxFuture, StaticToken, TokenProvider};
#[doc(hidden)]
pub use retry_after::retry_after;
pub use token::AccessToken;
#[cfg(feature = "entra")]
pub use {
    cache::RefreshPolicy,
    credential::{
        Assertion, AssertionRequest, AssertionSource, AzurePipelines, Credential, FederatedTokenFile, GitHubActions,
    },
    entra::authority::{Authority, Endpoint},
    source::{PARTNER_CENTER, TokenSource, TokenSourceBuilder},
    status::Status,
};

/// The HTTP client of this crate, for [`TokenSourceBuilder::configure_http`].
#[cfg(feature = "entra")]
pub use reqwest;
