//! Changes without lost updates: read, change, write with the entity tag, and repeat on a conflict.

use super::wait::{Limit, PollInterval, poll_until};
use crate::error::{Error, ErrorKind};
use crate::http::response::Response;
use crate::model::resource::Resource;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// The maximum number of attempts after conflicts: enough for a hundred concurrent writers of one resource.
const ROUNDS: u32 = 100;
/// The random delays after conflicts.
const CONFLICTS: PollInterval = PollInterval::random(Duration::from_millis(200));

type Reading<'a, T> = BoxFuture<'a, Result<Response<T>, Error>>;

/// The state of a resource that was read: what the PUT is addressed to, whatever `change` does to the resource.
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) etag: String,
}

/// Reads, changes and writes a resource. `change` may be called several times, each time with the current state.
pub(crate) async fn modify<'a, T: Resource + Clone + Serialize>(
    read: &(dyn Fn() -> Reading<'a, T> + Send + Sync),
    write: &(dyn Fn(T, &Version) -> Reading<'a, T> + Send + Sync),
    change: &(dyn Fn(T) -> Result<T, Error> + Send + Sync),
) -> Result<Response<T>, Error> {
    poll_until(CONFLICTS, Limit::Polls(ROUNDS), || async {
        let response = read().await?;
        let operation = response.operation();
        let current = response.into_inner();
        let Some(etag) = current.etag().map(str::to_owned) else {
            let hint = "Read the resource, and write it with `.if_match(IfMatch::Any)` if no other program changes it.";
            let error =
                Error::new(ErrorKind::Decode, "resource has no entity tag, so that it cannot be changed safely");
            return Err(error.with_operation(operation).with_hint(hint));
        };
        let version = Version { id: current.id().unwrap_or_default().to_owned(), etag };
        let changed = change(current)?;
        let conflict = match write(changed.clone(), &version).await {
            Err(error) if error.is_conflict() => error,
            outcome => return outcome.map(Ok),
        };
        if conflict.may_conflict_with_own_retry() {
            let there = read().await?;
            if same(&*there, &changed) {
                return Ok(Ok(there));
            }
        }
        Ok(Err(conflict))
    })
    .await
}

/// Converts the error of a closure: an [`Error`] of this crate is returned as it is.
pub(crate) fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    match error.into().downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => {
            Error::new(ErrorKind::Closure, "closure returned an error; nothing was written").with_source(error)
        }
    }
}

/// Returns true if two states of a resource differ at most in their entity tags.
fn same<T: Serialize>(left: &T, right: &T) -> bool {
    let without_tag = |resource: &T| {
        let mut value = serde_json::to_value(resource).unwrap_or_default();
        if let Value::Object(object) = &mut value {
            object.remove("@odata.etag");
        }
        value
    };
    without_tag(left) == without_tag(right)
}
