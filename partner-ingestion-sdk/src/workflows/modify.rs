//! Changes without lost updates: read, change, write with the entity tag, and repeat on a conflict.

use crate::error::{Error, ErrorKind};
use crate::http::response::Response;
use crate::model::resource::Resource;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// The maximum number of attempts after conflicts: enough for a hundred concurrent writers of one resource.
const ROUNDS: u32 = 100;
/// The upper bound of the random delay after a conflict.
const PAUSE: Duration = Duration::from_millis(200);

type Reading<'a, T> = BoxFuture<'a, Result<Response<T>, Error>>;

/// Reads, changes and writes a resource. `change` may be called several times, each time with the current state.
pub(crate) async fn modify<'a, T: Resource + Clone + Serialize>(
    read: &(dyn Fn() -> Reading<'a, T> + Send + Sync),
    write: &(dyn Fn(T, &str) -> Reading<'a, T> + Send + Sync),
    change: &(dyn Fn(T) -> T + Send + Sync),
) -> Result<Response<T>, Error> {
    let mut round = 1;
    loop {
        let response = read().await?;
        let operation = response.operation();
        let current = response.into_inner();
        let Some(etag) = current.etag().map(str::to_owned) else {
            let hint = "Read the resource, and write it with `.if_match(IfMatch::Any)` if no other program changes it.";
            let error =
                Error::new(ErrorKind::Decode, "resource has no entity tag, so that it cannot be changed safely");
            return Err(error.with_operation(operation).with_hint(hint));
        };
        let changed = change(current);
        let error = match write(changed.clone(), &etag).await {
            Err(error) if error.is_conflict() => error,
            outcome => return outcome,
        };
        if error.may_conflict_with_own_retry() {
            let there = read().await?;
            if same(&*there, &changed) {
                return Ok(there);
            }
        }
        if round == ROUNDS {
            return Err(error);
        }
        round += 1;
        tokio::time::sleep(PAUSE.mul_f64(fastrand::f64())).await;
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
