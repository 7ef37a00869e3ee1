//! Pages of the documentation.

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("glossary.md")]
pub mod glossary {}

#[doc = include_str!("migrating.md")]
pub mod migrating {}

#[doc = include_str!("networks.md")]
pub mod networks {}

#[doc = include_str!("offers_as_files.md")]
pub mod offers_as_files {}

#[doc = include_str!("publishing.md")]
pub mod publishing {}

#[doc = include_str!("../generated/publishing_rules.md")]
pub mod publishing_rules {}

#[doc = include_str!("recipes.md")]
pub mod recipes {}

#[doc = include_str!("retry_behavior.md")]
pub mod retry_behavior {}
