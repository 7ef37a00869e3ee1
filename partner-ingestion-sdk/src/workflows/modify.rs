//! Changes without lost updates: read, change, write with the entity tag, and repeat on a conflict.

use super::json_change::Change;
use super::wait::{Limit, PollInterval, poll_until, tolerate_late};
use crate::error::{Error, ErrorKind};
use crate::http::response::Response;
use crate::model::resource::Resource;
use futures_util::future::BoxFuture;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The maximum number of attempts after conflicts: enough for a hundred concurrent writers of one resource.
const ROUNDS: u32 = 100;
/// The maximum number of conflicts of one state of the resource: if no program changes it, its state does not allow the change.
const CONFLICTS_OF_A_STATE: u32 = 5;
/// The additional delay after another conflict of the same state: reads may return an old state for a moment.
const SAME_STATE: PollInterval = PollInterval::new(Duration::from_millis(500), Duration::from_millis(500), 1.0);
/// The random delays after conflicts.
const CONFLICTS: PollInterval = PollInterval::random(Duration::from_millis(200));

/// What the error of a resource says that is rejected although its entity tag is the current one, and its hint.
const UNCHANGED: &str = "no other program changed the resource between 5 attempts";
const STATE: &str = "Check that the state of the offer allows the change, for example that no submission is in progress: no other program \
                     caused the conflict.";

/// What the error of a change says of which it is unknown whether it was made, and its hint.
const UNKNOWN: &str = "the change may have been made";
const COMPARE: &str = "Read the resource: it may have the change. It was not made again, because what it changes was changed again, or the \
                       resource could not be read.";

type Reading<'a, T> = BoxFuture<'a, Result<Response<T>, Error>>;

/// The state of a resource that was read: what the PUT is addressed to, whatever `change` does to the resource.
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) etag: String,
}

/// Reads, changes and writes a resource, which may be new. `change` may be called several times, each time with the current state. Writes
/// nothing if `change` changes nothing.
pub(crate) async fn modify<'a, T: Resource + Clone + Serialize>(
    read: &(dyn Fn() -> Reading<'a, T> + Send + Sync),
    write: &(dyn Fn(T, &Version) -> Reading<'a, T> + Send + Sync),
    change: &(dyn Fn(T) -> Result<T, Error> + Send + Sync),
) -> Result<Response<T>, Error> {
    let conflicts = Conflicts::default();
    poll_until(CONFLICTS, Limit::Polls(ROUNDS), || async {
        let current = tolerate_late(read).await?;
        let Some(etag) = Resource::etag(&*current).map(str::to_owned) else {
            let hint = "Read the resource, and write it with `.if_match(IfMatch::Any)` if no other program changes it.";
            let error =
                Error::new(ErrorKind::Decode, "resource has no entity tag, so that it cannot be changed safely");
            return Err(error.with_operation(current.operation()).with_hint(hint));
        };
        let version = Version { id: current.id().unwrap_or_default().to_owned(), etag };
        let changed = change((*current).clone())?;
        let made = Change::between(&*current, &changed);
        if made.as_ref().is_some_and(Change::is_empty) {
            return Ok(Ok(current));
        }
        let error = match tolerate_late(|| write(changed.clone(), &version)).await {
            Ok(written) => return Ok(Ok(written)),
            Err(error) => error,
        };
        // The PUT may have been processed: look for the change before it is made again.
        if error.may_conflict_with_own_retry() || error.may_have_been_processed() {
            let there = read().await;
            match (there, made) {
                (Ok(there), Some(made)) if made.is_in(&*there) => return Ok(Ok(there)),
                (Ok(there), Some(made)) if made.is_missing_in(&*there) => {}
                // It may have been made, and overwritten in part by another program: it must not be made twice.
                _ => return Err(error.with_note(UNKNOWN).with_hint(COMPARE)),
            }
        }
        if !error.is_conflict() {
            return Err(error);
        }
        match conflicts.count(version.etag) {
            1 => {}
            ..CONFLICTS_OF_A_STATE => drop(SAME_STATE.start().wait(None, None).await),
            _ => return Err(error.with_note(UNCHANGED).with_hint(STATE)),
        }
        Ok(Err(error))
    })
    .await
}

/// Counts the consecutive conflicts of one state of the resource.
#[derive(Default)]
struct Conflicts(Mutex<(String, u32)>);

impl Conflicts {
    /// Adds a conflict of the state with this entity tag, and returns the number of its conflicts.
    fn count(&self, etag: String) -> u32 {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != etag {
            *last = (etag, 0);
        }
        last.1 += 1;
        last.1
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ListingImage;
    use futures_util::FutureExt;
    use reqwest::StatusCode;
    use std::future::ready;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn image(etag: u32, order: i64, address: &str) -> Response<ListingImage> {
        let image = ListingImage::default().set_id("1").set_etag(etag.to_string()).set_order(order);
        Response::of_test(image.set_file_sas_uri(address))
    }

    fn next(image: ListingImage) -> Result<ListingImage, Error> {
        let order = image.order.unwrap_or_default();
        Ok(image.set_order(order + 1))
    }

    fn conflict() -> Error {
        Error::from_response(StatusCode::CONFLICT, None, b"\"The state does not allow it.\"", true)
    }

    /// Another program changed the same field since, or the resource cannot be read.
    #[tokio::test(start_paused = true)]
    async fn a_change_that_may_have_been_made_is_not_made_again() {
        for is_readable in [true, false] {
            let puts = AtomicU32::new(0);
            let read = || match puts.load(Ordering::Relaxed) {
                0 => ready(Ok(image(0, 0, "https://a"))).boxed(),
                _ if is_readable => ready(Ok(image(2, 2, "https://a"))).boxed(),
                _ => ready(Err(Error::new(ErrorKind::Connection, "lost"))).boxed(),
            };
            let write = |_, _: &Version| {
                puts.fetch_add(1, Ordering::Relaxed);
                ready(Err(conflict().with_own_retry_conflict(true))).boxed()
            };
            let error = modify(&read, &write, &next).await.unwrap_err();
            assert_eq!((puts.load(Ordering::Relaxed), error.may_conflict_with_own_retry()), (1, true));
            assert!(error.to_string().contains("may have been made"), "{error}");
        }
    }

    /// The service replaces the upload address in every PUT.
    #[tokio::test(start_paused = true)]
    async fn a_change_whose_response_was_lost_is_made_once() {
        let failures: [fn() -> Error; 2] = [
            || conflict().with_own_retry_conflict(true),
            || Error::new(ErrorKind::Connection, "lost").with_maybe_processed(true),
        ];
        for failure in failures {
            let puts = AtomicU32::new(0);
            let read = || {
                let done = puts.load(Ordering::Relaxed);
                let address = if done == 0 { "https://a/?sp=rwl" } else { "https://a/?sp=rl" };
                ready(Ok(image(done, done.into(), address))).boxed()
            };
            let write = |_, _: &Version| {
                puts.fetch_add(1, Ordering::Relaxed);
                ready(Err(failure())).boxed()
            };
            let written = modify(&read, &write, &next).await.unwrap();
            assert_eq!((written.order, puts.load(Ordering::Relaxed)), (Some(1), 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_written_without_a_change() {
        let read = || ready(Ok(image(1, 1, "https://a"))).boxed();
        let write = |_: ListingImage, _: &Version| ready(Err(conflict())).boxed();
        let unchanged = modify(&read, &write, &|image: ListingImage| Ok(image.set_etag("other"))).await.unwrap();
        assert_eq!(Resource::etag(&*unchanged), Some("1"), "the response of the GET");
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_conflict_ends_after_five_rounds() {
        let puts = AtomicU32::new(0);
        let read = || ready(Ok(image(1, 1, "https://a"))).boxed();
        let write = |_: ListingImage, _: &Version| {
            puts.fetch_add(1, Ordering::Relaxed);
            ready(Err(conflict())).boxed()
        };
        let error = modify(&read, &write, &next).await.unwrap_err();
        assert_eq!((puts.load(Ordering::Relaxed), error.is_conflict()), (5, true));
        assert!(error.to_string().ends_with("no other program changed the resource between 5 attempts"), "{error}");
        assert!(error.hint().unwrap().contains("state of the offer"), "{:?}", error.hint());
    }

    #[tokio::test(start_paused = true)]
    async fn conflicts_with_other_writers_are_repeated_a_hundred_times() {
        let puts = AtomicU32::new(0);
        let read = || ready(Ok(image(puts.load(Ordering::Relaxed), 1, "https://a"))).boxed();
        let write = |_: ListingImage, _: &Version| {
            puts.fetch_add(1, Ordering::Relaxed);
            ready(Err(conflict())).boxed()
        };
        modify(&read, &write, &next).await.unwrap_err();
        assert_eq!(puts.load(Ordering::Relaxed), ROUNDS);
    }
}
