"""Brings an offer live with the unmodified command line client `azpc` (az-partner-center-cli).

Usage: azpc.py AZPC, where AZPC is the installed program. Reads the environment variables that the sandbox printed, writes the client's
configuration files to the current folder, and prints "ok" on success. The sandbox runs with `--control`.
"""

import json
import os
import subprocess
import struct
import sys
import zipfile
import zlib

from sandbox_client import call, control

OFFER, PLAN = "contoso-app", "standard-plan"
GUID = "11111111-2222-3333-4444-555555555555"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"

LOGOS = {"large": (216, 216), "medium": (90, 90), "small": (48, 48), "wide": (255, 115)}
CONTACT = {
    "name": "Ada",
    "email": "ada@contoso.example",
    "phone": "+1 555 0100",
    "uri": "https://contoso.example/support",
}
LISTING = {
    "plan_overview": {
        PLAN: {
            "plan_listing": {
                "resourceType": "AzureListing",
                "title": "Standard",
                "summary": "The standard plan",
                "shortDescription": "The standard plan",
                "description": "<p>The standard plan</p>",
            },
            # The client's own samples have this value in lower case. Its model refuses anything but "Private" in a response.
            "pricing_and_availability": {"visibility": "private", "azure_private_subscriptions": [{"ID": GUID}]},
            "technical_configuration": {
                "version": "1.0.0",
                "allow_jit_access": False,
                "policy_settings": [],
                "tenant_id": GUID,
                "authorizations": [{"id": GUID, "role": CONTRIBUTOR}],
            },
        }
    },
    "property_settings": {"leveledCategories": {"compute-azure-apps": ["application-infrastructure"]}},
    "preview_audience": {"subscriptions": [GUID]},
    "offer_listing": {
        "title": "Contoso",
        "publisher_name": "Contoso",
        "summary": "An app",
        "short_description": "An app",
        "description": "<p>An app</p>",
        "keywords": ["app"],
        "listing_contacts": [{**CONTACT, "type": "CustomerSupport"}, {**CONTACT, "type": "Engineering"}],
        "listing_uris": [
            {"type": "PrivacyUri", "uri": "https://contoso.example/privacy", "displayText": "Privacy"}
        ],
        "listing_logos": {f"logo_{name}": f"{name}.png" for name in LOGOS},
        "reseller_channel": "Enabled",
    },
}


def png(width, height):
    """Returns a grey PNG file."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_files():
    # JSON is YAML.
    with open("config.yml", "w", encoding="utf8") as file:
        json.dump(
            {
                "tenant_id": os.environ["AZURE_TENANT_ID"],
                "aad_id": os.environ["AZURE_CLIENT_ID"],
                "aad_secret": os.environ["AZURE_CLIENT_SECRET"],
            },
            file,
        )
    with open("manifest.yml", "w", encoding="utf8") as file:
        json.dump({"app": "app.zip"}, file)
    with open("listing_config.json", "w", encoding="utf8") as file:
        json.dump(LISTING, file)
    for name, (width, height) in LOGOS.items():
        with open(f"{name}.png", "wb") as file:
            file.write(png(width, height))
    with zipfile.ZipFile("app.zip", "w") as archive:
        archive.writestr("mainTemplate.json", "{}")
        archive.writestr("createUiDefinition.json", "{}")


def azpc(*arguments):
    """Runs the client as a user does, without the variables that it would prefer to its configuration files."""
    environment = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
    command = [sys.argv[1], "ma", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


CREDENTIALS = {"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"}


def advance():
    """Completes the processing of the submission."""
    control("POST", "clock", {"advanceSeconds": 600})


def submission(product):
    _, _, submissions = call("GET", f"{product}/submissions")
    last = submissions["value"][-1]
    problems = []
    if last["pendingUpdateInfo"]["status"] == "Failed":
        _, _, problems = call("GET", f"{product}/submissions/{last['id']}/validations")
    return last["state"], last.get("substate"), problems


write_files()
azpc("create", "--name", OFFER)
azpc("plan", "create", "--name", OFFER, "--plan-name", PLAN)
assert OFFER in azpc("list") and OFFER in azpc("show", "--name", OFFER)
assert PLAN in azpc("plan", "list", "--name", OFFER)
# A second run updates the offer and the plan.
azpc("update", "--name", OFFER)

filter_by_id = f"externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq '{OFFER}')".replace(" ", "%20")
_, _, found = call("GET", f"products?$filter={filter_by_id}")
product = f"products/{found['value'][0]['id']}"

_, _, branches = call("GET", f"{product}/branches/getByModule(module=Availability)")
draft = next(b["currentDraftInstanceID"] for b in branches["value"] if "variantID" in b)
_, _, availability = call("GET", f"{product}/featureavailabilities/getByInstanceID(instanceID={draft})")
assert availability["value"][0]["visibility"] == "Private", availability

azpc("publish", "--name", OFFER)
advance()
assert submission(product) == ("Published", "ReadyToPublish", []), submission(product)
azpc("release", "--name", OFFER)
advance()
assert submission(product) == ("Published", "InStore", []), submission(product)
print("ok")
