//! Lists that come in pages.

use crate::call::Call;
use crate::operation::ANY;
use crate::{Client, Error, ErrorKind, Page, Response};
use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The pages of a list, one after the other. An empty page does not end it; a missing `nextLink` does.
///
/// A link to another origin, one that was followed before, and one that the service does not know any more (404, as in August
/// 2023) end the stream with an error, after everything that came before it was given out: a list that is cut off in silence
/// would be taken for a whole one. One page is held at a time. [`Client::pages_from`] goes on from a page's link.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<P>(BoxStream<'static, Result<P, Error>>);

/// The items of a list, page after page.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<P: Page>(BoxStream<'static, Result<P::Item, Error>>);

enum Next<P> {
    First(BoxFuture<'static, Result<Response<P>, Error>>),
    Link(String),
    Repeated,
    End,
}

impl Client {
    /// The pages of a list from a link on that one of its pages had as [`next_link`](Page::next_link): to go on after a restart.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// use futures_util::TryStreamExt;
    /// use partner_ingestion_sdk::types::ProductPage;
    ///
    /// let mut offers = client.pages_from::<ProductPage>("v1.0/ingestion/products?$skipToken=abc").items();
    /// while let Some(offer) = offers.try_next().await? {
    ///     println!("{offer}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages_from<P: Page + DeserializeOwned + Send + 'static>(&self, link: impl Into<String>) -> Pages<P> {
        Pages::walk(Call::new(self, &ANY), Next::Link(link.into()))
    }
}

impl<P: Page + DeserializeOwned + Send + 'static> Pages<P> {
    pub(crate) fn new(call: Call, first: BoxFuture<'static, Result<Response<P>, Error>>) -> Self {
        Self::walk(call, Next::First(first))
    }

    /// The items of the pages.
    pub fn items(self) -> Items<P>
    where
        P::Item: Send,
    {
        Items::of(self)
    }

    fn walk(call: Call, start: Next<P>) -> Self {
        let pages = stream::try_unfold((start, HashSet::new()), move |(next, mut seen)| {
            let call = call.clone();
            async move {
                let page = match next {
                    Next::End => return Ok(None),
                    Next::Repeated => {
                        let message = "the list leads back to an earlier page";
                        return Err(Error::new(ErrorKind::RepeatedLink, message).of(call.operation()));
                    }
                    Next::First(first) => first.await?,
                    Next::Link(link) => {
                        let followed = call.client().follow(&link).with_call(&call).send::<P>().await;
                        followed.map_err(Error::on_the_way)?
                    }
                };
                let page = page.into_inner();
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

/// A link can be long; its hash is enough to notice it again.
fn fingerprint(link: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    hasher.finish()
}

impl<P: Page + Send + 'static> Items<P>
where
    P::Item: Send,
{
    pub(crate) fn of(pages: Pages<P>) -> Self {
        Self(pages.0.map_ok(|page| stream::iter(page.into_items().into_iter().map(Ok))).try_flatten().boxed())
    }
}

impl<P> Stream for Pages<P> {
    type Item = Result<P, Error>;

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
