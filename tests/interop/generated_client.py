"""Brings an offer live with the Python client that openapi-generator writes from the tools document.

Usage: generated_client.py. The package `ingestion` is the generated one. Reads the environment variables that the sandbox printed, which
runs with `--control`, and prints "ok" on success.
"""

import datetime
import json
import os
import time
import uuid

import ingestion
from ingestion import models
from ingestion.exceptions import ApiException, NotFoundException
from pydantic import SecretStr
from sandbox_client import BEARER, control, send

configuration = ingestion.Configuration(
    host=os.environ["PARTNER_INGESTION_URL"], access_token=BEARER["Authorization"].removeprefix("Bearer ")
)
client = ingestion.ApiClient(configuration)
offers, plans, branches = ingestion.OffersApi(client), ingestion.PlansApi(client), ingestion.BranchesApi(client)
listings, images, packages = ingestion.ListingsApi(client), ingestion.ListingImagesApi(client), ingestion.PackagesApi(client)
properties, submissions = ingestion.PropertiesApi(client), ingestion.SubmissionsApi(client)
configurations = ingestion.TechnicalConfigurationsApi(client)
prices = ingestion.PricesAndAvailabilityOfPlansApi(client)


def pair(kind, value):
    return models.TypeValuePair(type=kind, value=value)


# An offer is created, listed and found.
offer_id = f"contoso-{uuid.uuid4()}"
product = offers.create_product(
    models.AzureProduct(
        resource_type=models.ProductType.AZURE_APPLICATION, name="Contoso", external_ids=[pair("AzureOfferId", offer_id)]
    )
)
assert product.resource_type is models.ProductType.AZURE_APPLICATION, product
assert product.id in [item.id for item in offers.list_products().value]
found = offers.list_products(filter=f"externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq '{offer_id}')").value
assert [item.id for item in found] == [product.id] and found[0].external_ids[0].value == offer_id, found

# A plan is a member of a union, which `resourceType` selects.
plan = plans.create_variant(
    product.id,
    models.Variant(
        models.AzureSkuVariant(
            resource_type="AzureSkuVariant",
            external_id="basic",
            friendly_name="Basic",
            state=models.VariantState.ACTIVE,
            sub_type=models.VariantSubType.SOLUTION_TEMPLATE,
        )
    ),
).actual_instance
assert isinstance(plan, models.AzureSkuVariant) and plan.sub_type is models.VariantSubType.SOLUTION_TEMPLATE, plan
assert [type(item.actual_instance) for item in plans.list_variants(product.id).value] == [models.AzureSkuVariant]


def drafts(plan_id):
    """Returns the drafts of the offer or of a plan by module. Those of a new plan appear after some time."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        modules = [models.Module.LISTING, models.Module.PROPERTY, models.Module.AVAILABILITY, models.Module.PACKAGE]
        pages = [(module, branches.list_branches(product.id, module).value) for module in modules]
        drafts = {
            module: branch.current_draft_instance_id
            for module, page in pages
            for branch in page
            if branch.variant_id == plan_id
        }
        if models.Module.LISTING in drafts and (plan_id is None or models.Module.PACKAGE in drafts):
            return drafts
        time.sleep(0.2)
    raise AssertionError(f"no drafts of {plan_id}")


own, of_plan = drafts(None), drafts(plan.id)

# The listing is replaced with its entity tag. The property that the document does not know is kept.
listing = listings.find_listings(product.id, own[models.Module.LISTING]).value[0]
listing.title, listing.listing_contacts = "Contoso", [models.ListingContact(type=models.ContactType.ENGINEERING, name="Ada")]
listing.additional_properties["contosoExtra"] = {"kept": [1, "two"]}
replaced = listings.replace_listing(product.id, listing.id, listing.odata_etag, listing)
assert replaced.title == "Contoso" and replaced.listing_contacts[0].type is models.ContactType.ENGINEERING, replaced
assert replaced.odata_etag != listing.odata_etag
assert listings.get_listing(product.id, listing.id).additional_properties["contosoExtra"] == {"kept": [1, "two"]}

# Errors have the body of the service.
try:
    listings.replace_listing(product.id, listing.id, listing.odata_etag, listing)
    raise AssertionError("an old entity tag was accepted")
except ApiException as error:
    assert error.status == 412 and json.loads(error.body), error
try:
    listings.get_listing(product.id, str(uuid.uuid4()))
    raise AssertionError("a listing without an existing id was found")
except NotFoundException as error:
    assert isinstance(json.loads(error.body), str), error

# Lists of enums, secrets and objects: the categories, the keys and the members of an audience.
property_ = properties.find_properties(product.id, own[models.Module.PROPERTY]).value[0]
property_.leveled_categories = models.LeveledCategories(
    compute_azure_apps=[models.ComputeCategory.CACHE, models.ComputeCategory.OTHER_COMPUTE]
)
property_.hide_keys = [SecretStr("sandbox-key")]
properties.replace_property(product.id, property_.id, property_.odata_etag, property_)
property_ = properties.get_property(product.id, property_.id)
assert property_.hide_keys[0].get_secret_value() == "sandbox-key" and "sandbox-key" not in str(property_), property_
assert property_.leveled_categories.compute_azure_apps[0] is models.ComputeCategory.CACHE, property_
availability = prices.find_feature_availabilities(product.id, of_plan[models.Module.AVAILABILITY]).value[0]
availability.market_states = [models.MarketState(market_code="US", state=models.MarketSaleState.ENABLED)]
availability.visibility = models.Visibility.PRIVATE
availability.subscription_audiences = [models.AudienceMember(id=str(uuid.uuid4()), description="Ada")]
availability = prices.replace_feature_availability(product.id, availability.id, availability.odata_etag, availability)
assert availability.visibility is models.Visibility.PRIVATE, availability
assert availability.subscription_audiences[0].description == "Ada", availability

# An image and a package are uploaded.
image = images.create_listing_image(
    product.id, listing.id, models.ListingImage(resource_type="ListingImage", file_name="large.png", type="AzureLogoLarge")
)
assert image.state is models.UploadState.PENDING_UPLOAD and image.file_sas_uri, image
package = packages.create_package(
    product.id, models.AzurePackage(resource_type=models.PackageType.AZURE_APPLICATION_PACKAGE, file_name="app.zip")
)
status, _, _ = send("PUT", package.file_sas_uri.get_secret_value(), b"PK mainTemplate.json", **{"x-ms-blob-type": "BlockBlob"})
assert status == 201, status
package.state = models.UploadState.UPLOADED
packages.replace_package(product.id, package.id, package, if_match=package.odata_etag)
deadline = time.monotonic() + 30
while (package := packages.get_package(product.id, package.id)).state is not models.UploadState.PROCESSED:
    assert time.monotonic() < deadline, package
    time.sleep(0.1)

# The technical configuration of the plan refers to the package.
technical = configurations.find_package_configurations(product.id, of_plan[models.Module.PACKAGE]).value[0].actual_instance
assert isinstance(technical, models.AzureSolutionTemplatePackageConfiguration), technical
technical.version, technical.package_references = "1.0.0", [pair("AzureApplicationPackage", package.id)]
technical = configurations.replace_package_configuration(
    product.id, technical.id, technical.odata_etag, models.PackageConfiguration(technical)
).actual_instance
assert technical.package_references[0].value == package.id, technical


def wait_for(submission_id, substate):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        submission = submissions.get_submission(product.id, submission_id)
        if submission.pending_update_info.status is models.UpdateStatus.FAILED:
            break
        if submission.substate is substate:
            return submission
        time.sleep(0.1)
    raise AssertionError(submission)


# The offer is published to the preview, and then live.
control("POST", "submissions", {"nextOutcome": "pass"})
submission = submissions.create_submission(
    product.id,
    models.SubmissionCreationRequest(
        resource_type="SubmissionCreationRequest",
        targets=[pair("Scope", "preview")],
        resources=[pair(module.value, instance) for module, instance in own.items()],
        variant_resources=[
            models.VariantResource(
                variant_id=plan.id, resources=[pair(module.value, instance) for module, instance in of_plan.items()]
            )
        ],
    ),
)
assert submission.state is models.SubmissionState.IN_PROGRESS and len(submission.id) == 19, submission
preview = wait_for(submission.id, models.SubmissionSubstate.READY_TO_PUBLISH)
assert isinstance(preview.published_time_in_utc, datetime.datetime), preview
assert submissions.list_submission_validations(product.id, submission.id).value == []
workflow = submissions.promote_submission(product.id, submission.id)
assert workflow.target_environment == "Live" and isinstance(workflow.start_date_time_in_utc, datetime.datetime), workflow
live = wait_for(submission.id, models.SubmissionSubstate.IN_STORE)
assert live.published_time_in_utc.year >= 2020, live
workflows = submissions.list_submission_workflows(product.id, submission.id).value
assert all(step.state for workflow in workflows for step in workflow.workflow_steps), workflows

# Unlike unknown properties, unknown values are rejected.
try:
    models.AzureProduct.from_json('{"resourceType": "Unknown"}')
    raise AssertionError("an unknown value was accepted")
except ValueError:
    pass

# Another offer, which is not live, is deleted.
other = offers.create_product(
    models.AzureProduct(
        resource_type=models.ProductType.AZURE_APPLICATION, name="Other", external_ids=[pair("AzureOfferId", offer_id + "-2")]
    )
)
offers.delete_product(other.id)
try:
    offers.get_product(other.id)
    raise AssertionError("a deleted offer was found")
except NotFoundException:
    pass
print("ok")
