//! A program that creates an offer and publishes it, and starts again after each error.

use super::log::Log;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error, FileSource, IfPending, Publish, PublishEvent, Resource, Stage};
use partner_tests::offer::{archive, png};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub(super) const OFFER: &str = "contoso-app";
pub(super) const PLAN: &str = "standard";
pub(super) const PACKAGE: &str = "app.zip";
pub(super) const IMAGE: &str = "logo.png";

/// What a program does besides creating the offer and the plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    /// The number of changes of the listing, each made exactly once.
    pub(super) changes: usize,
    pub(super) prices: bool,
    pub(super) image: bool,
    pub(super) package: bool,
    pub(super) publish: Option<IfPending>,
    /// Whether files are uploaded with `ensure_*`, or with `upload_*` and `resume`.
    pub(super) ensure_files: bool,
}

/// One of the programs of a run.
pub(super) struct Program {
    pub(super) number: usize,
    pub(super) steps: Steps,
    pub(super) log: Arc<Mutex<Log>>,
}

pub(super) fn plan() -> AzureSkuVariant {
    AzureSkuVariant::managed_app(PLAN, "Standard")
}

impl Program {
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    /// Runs all steps once. Steps that must not be made twice are left out if they were done.
    pub(super) async fn run(&self, client: &Client) -> Result<(), Error> {
        let product = client.ensure_product(AzureProduct::application(OFFER, "Contoso")).await?;
        let product = product.id.clone().unwrap();
        let variant = client.ensure_variant(&product, plan()).await?.id.clone().unwrap();
        while self.log().done_changes() < self.steps.changes {
            self.change_listing(client, &product).await?;
        }
        if self.steps.prices {
            set_prices(client, &product, &variant).await?;
        }
        if self.steps.image {
            self.upload_image(client, &product).await?;
        }
        if self.steps.package {
            let package = self.upload_package(client, &product).await?;
            let configuration = client.package_configuration_draft(&product, &variant);
            configuration.modify(|c| c.set_package(&package)).await?;
        }
        if self.steps.publish.is_some() && self.log().live.is_none() {
            self.publish(client, &product).await?;
        }
        Ok(())
    }

    /// Adds a word to a list, increments a number, and sets the field of this program.
    async fn change_listing(&self, client: &Client, product: &ProductId) -> Result<(), Error> {
        let word = self.log().begin_change(self.number);
        let change = |listing: AzureListing| {
            let mut words = listing.keywords.clone().unwrap_or_default();
            words.push(word.clone());
            let counter: u32 = listing.summary.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
            let listing = listing.set_keywords(words).set_summary((counter + 1).to_string());
            match self.number {
                0 => listing.set_short_description(&word),
                _ => listing.set_description(&word),
            }
        };
        let outcome = client.listing_draft(product).modify(change).await;
        self.log().end_change(&outcome);
        outcome.map(drop)
    }

    async fn upload_image(&self, client: &Client, product: &ProductId) -> Result<(), Error> {
        let listing = client.listing_draft(product).get().await?.id.clone().unwrap();
        let file = FileSource::bytes(IMAGE, png(16, 16));
        let upload = match self.steps.ensure_files {
            true => client.ensure_image(product, &listing, "AzureLogoLarge", file),
            false => client.upload_image(product, &listing, "AzureLogoLarge", file),
        };
        let known = self.log().images.to_resume(self.steps.ensure_files);
        let upload = match known {
            Some(id) => upload.resume(id),
            None => upload,
        };
        self.log().images.begin();
        let outcome = upload.send().await;
        self.log().images.end(outcome.as_ref().map(|image| image.id().unwrap()));
        outcome.map(drop)
    }

    async fn upload_package(&self, client: &Client, product: &ProductId) -> Result<AzurePackage, Error> {
        let file = FileSource::bytes(PACKAGE, archive());
        let upload = match self.steps.ensure_files {
            true => client.ensure_package(product, file),
            false => client.upload_package(product, file),
        };
        let known = self.log().packages.to_resume(self.steps.ensure_files);
        let upload = match known {
            Some(id) => upload.resume(id),
            None => upload,
        };
        self.log().packages.begin();
        let outcome = upload.poll_interval(Duration::from_secs(1), Duration::from_secs(2)).send().await;
        self.log().packages.end(outcome.as_ref().map(|package| package.id().unwrap()));
        outcome.map(|package| package.into_inner())
    }

    /// Publishes, or resumes the submission that it knows.
    async fn publish(&self, client: &Client, product: &ProductId) -> Result<(), Error> {
        let known = self.log().submission.clone();
        let publish = match &known {
            Some(id) => client.resume(product, id),
            None => client.publish(product).if_pending(self.steps.publish.unwrap_or_default()),
        };
        if known.is_none() {
            self.log().open_submissions += 1;
        }
        let outcome = self.recorded(publish).to_live().send().await;
        let mut log = self.log();
        match &outcome {
            Ok(live) => {
                assert_eq!(Stage::of(live), Stage::Live);
                log.live.clone_from(&live.id);
            }
            Err(error) => {
                let named = error.submission().and_then(|submission| submission.id.clone());
                if known.is_none() && log.submission.is_none() && !error.may_have_been_processed() {
                    log.open_submissions -= 1;
                }
                log.submissions.extend(named.clone());
                let stage = error.submission().and_then(|submission| submission.stage);
                match stage {
                    Some(Stage::Cancelled | Stage::Failed) => log.submission = None,
                    _ if error.is_submission_pending() && self.steps.publish == Some(IfPending::Cancel) => {}
                    _ => log.submission = named.or(log.submission.take()),
                }
            }
        }
        outcome.map(drop)
    }

    /// Keeps the id of the submission as soon as it is known.
    fn recorded(&self, publish: Publish) -> Publish {
        let log = self.log.clone();
        let publish = publish.on_event(move |event| {
            let mut log = log.lock().unwrap();
            match event {
                PublishEvent::Created { submission, .. } | PublishEvent::Adopted { submission, .. } => {
                    log.open_submissions -= 1;
                    log.submissions.insert(submission.clone());
                    log.submission = Some(submission);
                }
                _ => {}
            }
        });
        publish.poll_interval(Duration::from_millis(100), Duration::from_secs(2))
    }
}

/// Sets the price of a plan, and then its visibility, which must keep the price.
async fn set_prices(client: &Client, product: &ProductId, variant: &VariantId) -> Result<(), Error> {
    let availability = client.feature_availability_draft(product, variant);
    let price = Price::default().set_currency_code("USD").set_open_price("9.5".parse::<Decimal>().unwrap());
    let prices = PriceScheduleInfo::default().set_schedules([PriceSchedule::default().set_retail_price(price)]);
    availability.modify(|a| a.set_price_schedules([prices.clone()])).await?;
    availability.modify(|a| a.set_visibility(Visibility::Public)).await.map(drop)
}
