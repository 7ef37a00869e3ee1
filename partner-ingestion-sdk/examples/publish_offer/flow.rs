//! The sequence: product, setup, property, listing, logos, availability, reseller, plan, package, submission, live.

use crate::common::{Outcome, id_of};
use crate::wait::until;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Resource, Response};
use std::time::Duration;

/// Pauses between two looks start with this; the service asks for no more.
const SOON: Duration = Duration::from_millis(100);

/// A step, its result, the id of its request.
type Step = Vec<String>;

pub(crate) async fn plan(client: &Client, offer: &str, package: usize) -> Outcome<Vec<Step>> {
    let product = match find(client, offer).await? {
        Some(product) => format!("use the product {}", id_of(&product)?),
        None => "create the product".to_owned(),
    };
    let steps = [
        ("product", product),
        ("setup", "sell through the marketplace, no test drive".to_owned()),
        ("property", "category and terms".to_owned()),
        ("listing", "title, texts, contacts, four logos".to_owned()),
        ("availability", "preview audience".to_owned()),
        ("reseller", "enabled".to_owned()),
        ("plan", "`standard`, a solution template".to_owned()),
        ("package", format!("upload {package} bytes, wait until it is processed")),
        (
            "submission",
            "submit, wait for the preview, promote, wait until it is live".to_owned(),
        ),
    ];
    Ok(steps.map(|(step, what)| vec![step.to_owned(), what]).to_vec())
}

pub(crate) async fn publish(client: &Client, offer: &str, package: Vec<u8>) -> Outcome<Vec<Step>> {
    let mut flow = Flow {
        client,
        steps: Vec::new(),
    };
    let product = flow.product(offer).await?;
    flow.setup(&product).await?;
    flow.property(&product).await?;
    let listing = flow.listing(&product).await?;
    flow.logos(&product, &listing).await?;
    flow.availability(&product).await?;
    flow.reseller(&product).await?;
    let variant = flow.variant(&product).await?;
    flow.plan_listing(&product, &variant).await?;
    flow.plan_availability(&product, &variant).await?;
    let package = flow.package(&product, package).await?;
    flow.package_configuration(&product, &variant, &package).await?;
    let submission = flow.submit(&product, &variant).await?;
    flow.go_live(&product, &submission).await?;
    Ok(flow.steps)
}

async fn find(client: &Client, offer: &str) -> Outcome<Option<AzureProduct>> {
    let quoted = offer.replace('\'', "''");
    let filter = format!("externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq '{quoted}')");
    let page = client.list_products().filter(filter).send().await?.into_inner();
    Ok(page.value.unwrap_or_default().pop())
}

struct Flow<'c> {
    client: &'c Client,
    steps: Vec<Step>,
}

impl Flow<'_> {
    fn done<T>(&mut self, step: &str, result: impl Into<String>, response: &Response<T>) {
        let result = result.into();
        eprintln!("  {step}: {result}");
        let id = response.request_id().unwrap_or_default().to_owned();
        self.steps.push(vec![step.to_owned(), result, id]);
    }

    async fn product(&mut self, offer: &str) -> Outcome<ProductId> {
        if let Some(product) = find(self.client, offer).await? {
            return Ok(id_of(&product)?.into());
        }
        let product = AzureProduct::application(offer, offer);
        let created = self.client.create_product(product).send().await?;
        let id = id_of(&*created)?;
        self.done("product", &id, &created);
        Ok(id.into())
    }

    async fn setup(&mut self, product: &ProductId) -> Outcome<()> {
        let setup = AzureProductSetup::default()
            .set_selling_option(SellingOption::ListAndSell)
            .set_enable_test_drive(false)
            .set_channel_states([TypeValuePair::new("Reseller", "Enabled")]);
        let setup = self.client.set_product_setup(product, setup).send().await?;
        self.done("setup", "ListAndSell", &setup);
        Ok(())
    }

    /// The draft of a module: of the plan if there is one, else of the offer. The branches of a new plan lag behind it.
    async fn draft(&self, product: &ProductId, module: Module, plan: Option<&VariantId>) -> Outcome<InstanceId> {
        let what = format!("branch {module}");
        until(&what, SOON, || async {
            let branches = self.client.list_branches(product, &module).send().await?.into_inner();
            let branches = branches.value.unwrap_or_default();
            let branch = branches.into_iter().find(|branch| branch.variant_id.as_ref() == plan);
            Ok(branch
                .and_then(|branch| branch.current_draft_instance_id)
                .ok_or_else(|| "not there yet".to_owned()))
        })
        .await
    }

    async fn property(&mut self, product: &ProductId) -> Outcome<()> {
        let draft = self.draft(product, Module::Property, None).await?;
        let found = self.client.find_properties(product, draft).send().await?.into_inner();
        let property: AzureProperty = first(found.value)?;
        let id = id_of(&property)?;
        let categories =
            LeveledCategories::default().set_compute_azure_apps([ComputeCategory::ApplicationInfrastructure]);
        let property = property
            .set_leveled_categories(categories)
            .set_app_version("1.0.0")
            .set_use_enterprise_contract(true);
        let changed = self.client.replace_property(product, id, property).send().await?;
        self.done("property", "ComputeCategory, enterprise contract", &changed);
        Ok(())
    }

    async fn listing(&mut self, product: &ProductId) -> Outcome<ListingId> {
        let draft = self.draft(product, Module::Listing, None).await?;
        let found = self.client.find_listings(product, draft).send().await?.into_inner();
        let listing: AzureListing = first(found.value)?;
        let id: ListingId = id_of(&listing)?.into();
        let support = ListingContact::default()
            .set_type(ContactType::CustomerSupport)
            .set_name("Support")
            .set_email("support@contoso.example")
            .set_uri("https://contoso.example/support");
        let privacy = ListingUri::default()
            .set_type("PrivacyUri")
            .set_uri("https://contoso.example/privacy");
        let listing = listing
            .set_title("Contoso App")
            .set_summary("An application")
            .set_short_description("An application that shows how to publish one")
            .set_description("An application that shows how to publish one, from the product to the live offer.")
            .set_keywords(["contoso", "example"])
            .set_listing_contacts([support])
            .set_listing_uris([privacy]);
        let changed = self.client.replace_listing(product, &id, listing).send().await?;
        self.done("listing", "Contoso App", &changed);
        Ok(id)
    }

    async fn logos(&mut self, product: &ProductId, listing: &ListingId) -> Outcome<()> {
        let logos: [(&str, &str, &'static [u8]); 4] = [
            (
                "AzureLogoSmall",
                "logo-small.png",
                include_bytes!("assets/logo-small.png"),
            ),
            (
                "AzureLogoMedium",
                "logo-medium.png",
                include_bytes!("assets/logo-medium.png"),
            ),
            (
                "AzureLogoLarge",
                "logo-large.png",
                include_bytes!("assets/logo-large.png"),
            ),
            ("AzureLogoWide", "logo-wide.png", include_bytes!("assets/logo-wide.png")),
        ];
        for (order, (kind, name, content)) in (0_i64..).zip(logos) {
            let image = ListingImage::default()
                .set_type(kind)
                .set_file_name(name)
                .set_state(UploadState::PendingUpload)
                .set_order(order);
            let image = self
                .client
                .create_listing_image(product, listing, image)
                .send()
                .await?
                .into_inner();
            self.client.upload(address(&image.file_sas_uri)?, content).await?;
            let id = id_of(&image)?;
            let image = image.set_state(UploadState::Uploaded);
            let marked = self
                .client
                .replace_listing_image(product, listing, id, image)
                .send()
                .await?;
            self.done("logo", kind, &marked);
        }
        Ok(())
    }

    async fn availability(&mut self, product: &ProductId) -> Outcome<()> {
        let draft = self.draft(product, Module::Availability, None).await?;
        let found = self
            .client
            .find_product_availabilities(product, draft)
            .send()
            .await?
            .into_inner();
        let availability: ProductAvailability = first(found.value)?;
        let id = id_of(&availability)?;
        let preview = AudienceMember::default().set_id("11111111-2222-3333-4444-555555555555");
        let availability = availability
            .set_visibility("Public")
            .set_subscription_audiences([preview]);
        let changed = self
            .client
            .replace_product_availability(product, id, availability)
            .send()
            .await?;
        self.done("availability", "Public, one preview subscription", &changed);
        Ok(())
    }

    async fn reseller(&mut self, product: &ProductId) -> Outcome<()> {
        let reseller = ResellerConfiguration::default()
            .set_reseller_channel_state(ResellerChannelState::Enabled)
            .set_tenant_ids::<[String; 0]>([]);
        let set = self.client.set_reseller_configuration(product, reseller).send().await?;
        self.done("reseller", "Enabled", &set);
        Ok(())
    }

    async fn variant(&mut self, product: &ProductId) -> Outcome<VariantId> {
        let plan = AzureSkuVariant::solution_template("standard", "Standard");
        let created = self.client.create_variant(product, plan).send().await?;
        let id = id_of(&*created)?;
        self.done("plan", format!("standard, {id}"), &created);
        Ok(id.into())
    }

    async fn plan_listing(&mut self, product: &ProductId, plan: &VariantId) -> Outcome<()> {
        let draft = self.draft(product, Module::Listing, Some(plan)).await?;
        let found = self.client.find_listings(product, draft).send().await?.into_inner();
        let listing: AzureListing = first(found.value)?;
        let id = id_of(&listing)?;
        let listing = listing
            .set_title("Standard")
            .set_short_description("The standard plan")
            .set_description("The standard plan, for everybody.");
        let changed = self.client.replace_listing(product, id, listing).send().await?;
        self.done("plan listing", "Standard", &changed);
        Ok(())
    }

    async fn plan_availability(&mut self, product: &ProductId, plan: &VariantId) -> Outcome<()> {
        let draft = self.draft(product, Module::Availability, Some(plan)).await?;
        let found = self.client.find_feature_availabilities(product, draft);
        let found = found
            .expand("MarketStates,Trial,PriceSchedules")
            .send()
            .await?
            .into_inner();
        let availability: FeatureAvailability = first(found.value)?;
        let id = id_of(&availability)?;
        let markets = ["US", "DE", "JP"].map(|code| {
            MarketState::default()
                .set_market_code(code)
                .set_state(MarketSaleState::Enabled)
        });
        let price = PriceSchedule::default()
            .set_pricing_model(PricingModel::Recurring)
            .set_price_cadence(PricingCadence::default().set_type(PriceCadence::Month).set_value(1))
            .set_retail_price(
                Price::default()
                    .set_currency_code("USD")
                    .set_open_price("9.99".parse::<Decimal>()?),
            );
        let prices = PriceScheduleInfo::default()
            .set_is_base_schedule(true)
            .set_market_codes(["US", "DE", "JP"])
            .set_friendly_name("base")
            .set_schedules([price]);
        let availability = availability
            .set_visibility(Visibility::Public)
            .set_market_states(markets)
            .set_price_schedules([prices]);
        let changed = self
            .client
            .replace_feature_availability(product, id, availability)
            .send()
            .await?;
        self.done("plan availability", "3 markets, 9.99 USD a month", &changed);
        Ok(())
    }

    async fn package(&mut self, product: &ProductId, content: Vec<u8>) -> Outcome<PackageId> {
        let package = AzurePackage::default()
            .set_resource_type(PackageType::AzureApplicationPackage)
            .set_file_name(format!("app-{}.zip", content.len()));
        let created = self.client.create_package(product, package).send().await?.into_inner();
        self.client.upload(address(&created.file_sas_uri)?, content).await?;
        let id: PackageId = id_of(&created)?.into();
        let marked = self
            .client
            .replace_package(product, &id, created.set_state(UploadState::Uploaded))
            .send()
            .await?;
        until("package", SOON, || async {
            let package = self.client.get_package(product, &id).send().await?.into_inner();
            match package.state {
                Some(UploadState::Processed) => Ok(Ok(())),
                Some(UploadState::ProcessFailed) => Err(failed("the package", package.validation_items).into()),
                state => Ok(Err(state.map(|state| state.to_string()).unwrap_or_default())),
            }
        })
        .await?;
        self.done("package", "Processed", &marked);
        Ok(id)
    }

    async fn package_configuration(
        &mut self,
        product: &ProductId,
        plan: &VariantId,
        package: &PackageId,
    ) -> Outcome<()> {
        let draft = self.draft(product, Module::Package, Some(plan)).await?;
        let found = self
            .client
            .find_package_configurations(product, draft)
            .send()
            .await?
            .into_inner();
        let configuration: PackageConfiguration = first(found.value)?;
        let id = id_of(&configuration)?;
        let reference = TypeValuePair::new("AzureApplicationPackage", package.as_str());
        let configuration: PackageConfiguration = match configuration {
            PackageConfiguration::AzureSolutionTemplate(c) => {
                c.set_version("1.0.0").set_package_references([reference]).into()
            }
            other => return Err(format!("expected a solution template, found {:?}", other.resource_type()).into()),
        };
        let changed = self
            .client
            .replace_package_configuration(product, id, configuration)
            .send()
            .await?;
        self.done("plan package", package.as_str(), &changed);
        Ok(())
    }

    async fn submit(&mut self, product: &ProductId, plan: &VariantId) -> Outcome<SubmissionId> {
        let mut resources = Vec::new();
        for module in [Module::Property, Module::Listing, Module::Availability] {
            resources.push(TypeValuePair::new(
                module.as_str(),
                self.draft(product, module.clone(), None).await?.as_str(),
            ));
        }
        let reseller = self.draft(product, Module::ResellerConfiguration, None).await?;
        resources.push(TypeValuePair::new(
            Module::ResellerConfiguration.as_str(),
            reseller.as_str(),
        ));
        let mut of_plan = Vec::new();
        for module in [Module::Listing, Module::Availability, Module::Package] {
            of_plan.push(TypeValuePair::new(
                module.as_str(),
                self.draft(product, module.clone(), Some(plan)).await?.as_str(),
            ));
        }
        let request = SubmissionCreationRequest::default()
            .set_targets([TypeValuePair::new("Scope", "preview")])
            .set_resources(resources)
            .set_variant_resources([VariantResource::default().set_variant_id(plan).set_resources(of_plan)]);
        let created = self.client.create_submission(product, request).send().await?;
        let id: SubmissionId = created
            .id
            .clone()
            .ok_or("the service made a submission without an id")?;
        self.done("submission", id.as_str(), &created);
        Ok(id)
    }

    async fn go_live(&mut self, product: &ProductId, submission: &SubmissionId) -> Outcome<()> {
        self.reach(product, submission, SubmissionSubstate::ReadyToPublish)
            .await?;
        let promoted = self.client.promote_submission(product, submission).send().await?;
        self.done("preview", "ready, promoted", &promoted);
        self.reach(product, submission, SubmissionSubstate::InStore).await?;
        let live = self.client.get_submission(product, submission).send().await?;
        self.done("live", "InStore", &live);
        Ok(())
    }

    /// Waits for a substate. A failure names what validation or certification found.
    async fn reach(&self, product: &ProductId, id: &SubmissionId, goal: SubmissionSubstate) -> Outcome<()> {
        until("submission", SOON, || async {
            let submission = self.client.get_submission(product, id).send().await?.into_inner();
            let pending = submission.pending_update_info.unwrap_or_default();
            let substate = submission.substate.ok_or("a submission without a substate")?;
            let failed_in = match (&pending.status, &substate) {
                (Some(UpdateStatus::Failed), _) => "validation",
                (_, SubmissionSubstate::Failed | SubmissionSubstate::FailedInCertification) => "certification",
                (_, substate) if *substate == goal => return Ok(Ok(())),
                (_, substate) => return Ok(Err(substate.to_string())),
            };
            let found = self
                .client
                .list_submission_validations(product, id)
                .send()
                .await?
                .into_inner();
            Err(failed(&format!("the submission {id} failed in {failed_in}:"), found.value).into())
        })
        .await
    }
}

fn first<T>(items: Option<Vec<T>>) -> Outcome<T> {
    Ok(items
        .and_then(|items| items.into_iter().next())
        .ok_or("the draft is empty")?)
}

fn address(address: &Option<Secret>) -> Outcome<&Secret> {
    Ok(address.as_ref().ok_or("the service gave no upload address")?)
}

fn failed(what: &str, items: Option<Vec<ValidationItem>>) -> String {
    let items = items.unwrap_or_default();
    let items = items.iter().map(|item| {
        let (code, message) = (item.error_code.as_deref(), item.message.as_deref());
        format!("\n  {} {}", code.unwrap_or_default(), message.unwrap_or_default())
    });
    format!("{what} failed{}", items.collect::<String>())
}
