//! A version of the document with its corrections, and the interface that is generated from it.

use super::compare::compare;
use super::users::{self, UserChange};
use super::{Changes, rule::Users};
use crate::document::correct::{Corrected, correct};
use crate::document::correction::State;
use crate::document::names::{self, Names};
use crate::document::overlay::OverlayFile;
use crate::generate::interface;
use crate::generate::model::api::Api;
use crate::generate::model::hand_written::HandWritten;
use crate::generate::model::normalise;
use crate::generate::retained::Retained;
use anyhow::Result;
use serde_json::Value;

pub struct Edition {
    pub corrected: Value,
    /// The interface, or why none can be generated.
    pub api: Result<Api, String>,
}

/// What is beside a document in `openapi/`.
pub struct Tables {
    pub names: String,
    pub retained: Retained,
}

impl Edition {
    /// Corrects a document. Skips broken corrections, whose ids are returned.
    pub fn of(
        document: Value,
        overlays: &[OverlayFile],
        tables: &Tables,
        sdk: &HandWritten,
    ) -> Result<(Self, Vec<String>)> {
        let mut corrected = correct(document.clone(), overlays, &[])?;
        let broken = broken(&corrected);
        if !broken.is_empty() {
            corrected = correct(document, overlays, &broken)?;
        }
        Ok((Self::corrected(corrected.document, tables, sdk)?, broken))
    }

    /// The interface of a corrected document. Operations without a row are named by rule.
    pub fn corrected(corrected: Value, tables: &Tables, sdk: &HandWritten) -> Result<Self> {
        let mut names: Names = names::parse(&tables.names)?;
        names.operations.extend(normalise::unnamed(&corrected, &names));
        let (api, findings) = interface(&corrected, &names, &tables.retained, sdk, false);
        let api = findings.into_result("no code can be generated").map(|()| api).map_err(|error| error.to_string());
        Ok(Self { corrected, api })
    }

    /// Compares with a later version. Items that it drops stay as deprecated.
    pub fn changes_to(&self, mut new: Self, day: &str) -> Changes {
        let wire = compare(&self.corrected, &new.corrected);
        let users = match (&self.api, &mut new.api) {
            (Ok(old), Ok(new)) => {
                Retained::carry(old, new, &Retained::default(), day);
                users::compare(old, new)
            }
            (old, new) => {
                let error = old.as_ref().err().or(new.as_ref().err()).map_or("", String::as_str);
                let first: Vec<&str> = error.lines().take(2).map(str::trim).collect();
                vec![UserChange::new(Users::Source, "not-generated", "the document", first.join(" "))]
            }
        };
        Changes { users, wire }
    }
}

fn broken(corrected: &Corrected) -> Vec<String> {
    let broken = corrected.corrections.iter().filter(|(_, state)| matches!(state, State::Broken(_)));
    broken.map(|(correction, _)| correction.fact.id.clone()).collect()
}
