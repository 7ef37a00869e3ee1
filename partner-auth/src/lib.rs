#![cfg_attr(feature = "entra", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "entra"),
    doc = "What an API client needs of a token source: the trait [`TokenProvider`]."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod provider;
mod token;

#[cfg(feature = "entra")]
mod authority;
#[cfg(feature = "entra")]
mod cache;
#[cfg(feature = "entra")]
mod env;
#[cfg(feature = "entra")]
mod exchange;
#[cfg(feature = "entra")]
mod hints;
#[cfg(feature = "entra")]
mod source;
#[cfg(feature = "entra")]
mod wire;

#[cfg(feature = "entra")]
pub use authority::Endpoint;
pub use error::{Error, ErrorKind};
pub use provider::{BoxFuture, StaticToken, TokenProvider};
#[cfg(feature = "entra")]
pub use source::{PARTNER_CENTER, TokenSource, TokenSourceBuilder};
pub use token::AccessToken;

/// The HTTP client that the exchange uses, for [`TokenSourceBuilder::http`].
#[cfg(feature = "entra")]
pub use reqwest;
