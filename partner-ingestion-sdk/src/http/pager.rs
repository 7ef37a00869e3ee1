//! Pagination.

use super::call::Call;
use super::response::Response;
use crate::error::{Error, ErrorKind};
use crate::model::resource::Page;
use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A stream of the pages of a list, each a [`Response`] with its own status and headers. It ends at the page without a `nextLink`;
/// an empty page does not end it.
///
/// A link to another origin, a repeated link and an expired link (404) end the stream with an error after all earlier pages
/// were yielded. At most one page is held in memory. [`Client::pages_from`](crate::Client::pages_from) continues from the link
/// of a page.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<P>(BoxStream<'static, Result<Response<P>, Error>>);

/// A stream of the items of a list, across its pages.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<P: Page>(BoxStream<'static, Result<P::Item, Error>>);

enum Next<P> {
    First(BoxFuture<'static, Result<Response<P>, Error>>),
    Link(String),
    Repeated,
    End,
}

impl<P: Page + DeserializeOwned + Send + 'static> Pages<P> {
    pub(crate) fn new(call: Call, first: BoxFuture<'static, Result<Response<P>, Error>>) -> Self {
        Self::walk(call, Next::First(first))
    }

    pub(super) fn from_link(call: Call, link: String) -> Self {
        Self::walk(call, Next::Link(link))
    }

    /// Returns the items of the pages.
    pub fn items(self) -> Items<P>
    where
        P::Item: Send,
    {
        Items::new(self)
    }

    fn walk(call: Call, start: Next<P>) -> Self {
        let pages = stream::try_unfold((start, HashSet::new()), move |(next, mut seen)| {
            let call = call.clone();
            async move {
                let page = match next {
                    Next::End => return Ok(None),
                    Next::Repeated => {
                        let message = "next link leads to a page that was already read";
                        return Err(
                            Error::new(ErrorKind::PaginationLoop, message).with_operation(call.operation().name)
                        );
                    }
                    Next::First(first) => first.await?,
                    Next::Link(link) => {
                        let followed = call.client().follow(&link).with_call(&call).send::<P>().await;
                        followed.map_err(Error::while_paging)?
                    }
                };
                let next = match page.next_link() {
                    None => Next::End,
                    Some(link) if seen.insert(fingerprint(link)) => Next::Link(link.to_owned()),
                    Some(_) => Next::Repeated,
                };
                Ok(Some((page, (next, seen))))
            }
        });
        Self(pages.boxed())
    }
}

/// Links can be long: a hash is enough to detect a repetition.
fn fingerprint(link: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    hasher.finish()
}

impl<P: Page + Send + 'static> Items<P>
where
    P::Item: Send,
{
    pub(crate) fn new(pages: Pages<P>) -> Self {
        let items = |page: Response<P>| stream::iter(page.into_inner().into_items().into_iter().map(Ok));
        Self(pages.0.map_ok(items).try_flatten().boxed())
    }
}

impl<P> Stream for Pages<P> {
    type Item = Result<Response<P>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<P: Page> Stream for Items<P> {
    type Item = Result<P::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<P> std::fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl<P: Page> std::fmt::Debug for Items<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}
