//! Searches lists for resources, also after a creation whose outcome is unknown.

use super::wait::{Limit, PollInterval, poll_until};
use crate::error::{Error, ErrorKind};
use crate::http::pager::Pages;
use crate::http::response::Response;
use crate::model::resource::Page;
use crate::types::ProductId;
use futures_util::TryStreamExt;
use std::time::Duration;

/// The searches after a creation whose response was lost: the resource may appear late, at most 10 seconds.
const SEARCHES: Limit = Limit::Polls(4);
/// The delays between these searches: 1, 3 and 6 seconds.
const SEARCH_INTERVAL: PollInterval = PollInterval::new(Duration::from_secs(1), Duration::from_secs(6), 3.0);

/// Returns the selected items of all pages, each with the status and headers of its page.
pub(super) async fn items_of<P: Page, T>(
    mut pages: Pages<P>,
    select: impl Fn(P::Item) -> Option<T>,
) -> Result<Vec<Response<T>>, Error> {
    let mut selected = Vec::new();
    while let Some(page) = pages.try_next().await? {
        let mut items = Vec::new();
        let head = page.map(|page| items = page.into_items());
        selected.extend(items.into_iter().filter_map(&select).map(|item| head.clone().map(|()| item)));
    }
    Ok(selected)
}

/// Returns the first item of a list, with the status and headers of its page. An empty page may be followed by others.
pub(super) async fn first_item<P: Page>(mut pages: Pages<P>) -> Result<Option<Response<P::Item>>, Error> {
    while let Some(page) = pages.try_next().await? {
        let mut first = None;
        let head = page.map(|page| first = page.into_items().into_iter().next());
        if let Some(first) = first {
            return Ok(Some(head.map(|()| first)));
        }
    }
    Ok(None)
}

/// Returns the GUIDs in the messages of the service.
pub(super) fn guids_in(error: &Error) -> Vec<ProductId> {
    let texts = error.service_message().into_iter().chain(error.field_errors().values().flatten().map(String::as_str));
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_hexdigit() && c != '-'));
    // Without its hyphens, a GUID cannot be distinguished from other ids.
    words.filter(|word| word.len() == 36 && uuid::Uuid::parse_str(word).is_ok()).map(ProductId::from).collect()
}

/// Searches for the resource after a failed creation if it may have been processed, or another caller was faster. Returns the
/// error of the creation if the search finds nothing.
pub(super) async fn search_after<T, F>(creation: Error, search: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    if !creation.may_have_been_processed() && !creation.is_conflict() {
        return Err(creation);
    }
    let found = poll_until(SEARCH_INTERVAL, SEARCHES, || async {
        match search().await {
            Err(error) if error.kind() == ErrorKind::Ambiguous => Err(error),
            outcome => Ok(outcome),
        }
    });
    found.await.map_err(|error| if error.kind() == ErrorKind::Ambiguous { error } else { creation })
}

/// Waits until a search finds the resource that was created, at most 10 seconds. The creation succeeded, so that a search that fails,
/// whatever the error, is not the error of the caller, and says nothing about the list.
pub(super) async fn wait_until_listed<T, F>(search: impl Fn() -> F)
where
    F: Future<Output = Result<T, Error>>,
{
    drop(poll_until(SEARCH_INTERVAL, SEARCHES, || async { Ok(search().await) }).await);
}

/// Returns the only match; none and several are errors.
pub(super) fn one<T>(mut found: Vec<T>, what: &str, kind: &str, id: &str) -> Result<T, Error> {
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(Error::new(ErrorKind::NotFound, format!("no {what} has the {kind} id {id:?}"))),
        (Some(_), others) => {
            let message = format!("{} {what}s have the {kind} id {id:?}", others + 1);
            Err(Error::new(ErrorKind::Ambiguous, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;
    use std::cell::Cell;

    fn not_found() -> Error {
        Error::new(ErrorKind::NotFound, "not found")
    }

    fn lost() -> Error {
        Error::new(ErrorKind::Connection, "lost").with_maybe_processed(true)
    }

    #[tokio::test(start_paused = true)]
    async fn an_ambiguous_creation_is_searched_for_several_times() {
        let searches = Cell::new(0);
        let search_late = || {
            searches.set(searches.get() + 1);
            let found = searches.get() == 4;
            async move { if found { Ok("late") } else { Err(not_found()) } }
        };
        assert_eq!(search_after(lost(), search_late).await.unwrap(), "late");
        let never = search_after(lost(), || async { Err::<(), _>(not_found()) }).await.unwrap_err();
        assert_eq!(never.kind(), ErrorKind::Connection, "the error of the creation");
        let conflict = Error::from_response(StatusCode::CONFLICT, None, b"", true);
        assert!(search_after(conflict, || async { Ok(()) }).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_creation_that_was_not_processed_is_not_searched_for() {
        let refused = Error::from_response(StatusCode::BAD_REQUEST, None, b"", true);
        let error = search_after(refused, || async { Ok(()) }).await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
    }

    /// After an error of any kind, too: the resource may not be listed yet.
    #[tokio::test(start_paused = true)]
    async fn a_created_resource_is_waited_for_until_it_is_listed() {
        let rejected = || Error::from_response(StatusCode::PRECONDITION_FAILED, None, b"", true);
        for (failures, expected) in [(0, 1), (1, 2), (3, 4), (100, 4)] {
            let searches = Cell::new(0);
            let search = || {
                searches.set(searches.get() + 1);
                let outcome = if searches.get() > failures { Ok(()) } else { Err(rejected()) };
                async move { outcome }
            };
            wait_until_listed(search).await;
            assert_eq!(searches.get(), expected, "{failures} failures");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn several_matches_after_a_creation_are_reported() {
        let twins = || async { Err::<(), _>(Error::new(ErrorKind::Ambiguous, "2 products")) };
        assert_eq!(search_after(lost(), twins).await.unwrap_err().kind(), ErrorKind::Ambiguous);
    }

    #[test]
    fn an_error_names_products_by_guid() {
        let body = br#"{"message": "Offer exists (id: 11111111-2222-3333-4444-555555555555).", "errors": {"x": ["66666666-7777-8888-9999-aaaaaaaaaaaa"]}}"#;
        let error = Error::from_response(StatusCode::CONFLICT, None, body, true);
        let ids = guids_in(&error);
        assert_eq!(
            ids.iter().map(ProductId::as_str).collect::<Vec<_>>(),
            ["11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-aaaaaaaaaaaa",]
        );
        assert!(guids_in(&lost()).is_empty());
    }
}
