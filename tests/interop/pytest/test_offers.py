"""Two tests with the fixture. Each one starts with an empty sandbox."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

import pytest


def send(method, url, body=None, **headers):
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    with urllib.request.urlopen(request) as response:
        text = response.read()
        return json.loads(text) if text else None


def call(method, path, body=None):
    """A client as a program has it: it reads the environment variables."""
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "resource": "https://api.partner.microsoft.com",
    }
    endpoint = f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}/oauth2/token"
    token = send("POST", endpoint, urllib.parse.urlencode(form).encode())["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return send(method, f"{os.environ['PARTNER_INGESTION_URL']}/{path}", body and json.dumps(body).encode(), **headers)


OFFER = {
    "resourceType": "AzureApplication",
    "name": "Contoso",
    "externalIDs": [{"type": "AzureOfferId", "value": "contoso"}],
}


@pytest.mark.parametrize("attempt", [1, 2])
def test_the_sandbox_is_empty_at_the_start(sandbox, attempt):
    assert call("GET", "products") == {"value": []}
    assert call("POST", "products", OFFER)["id"]


def test_a_fault_is_injected(sandbox):
    fault = {"calls": "GET /products", "status": 503}
    send("POST", sandbox["authority"] + "/sandbox/faults", json.dumps(fault).encode())
    with pytest.raises(urllib.error.HTTPError) as error:
        call("GET", "products")
    assert error.value.code == 503
    calls = send("GET", sandbox["authority"] + "/sandbox/calls")
    assert [(entry["operation"], entry["status"]) for entry in calls if entry["operation"]] == [("GET /products", 503)]
