"""Tests the sandbox from another language. Requires only python3 and its standard library.

Reads the environment variables that the program printed, acquires a token, creates an offer, uploads a package and injects
faults. Prints "ok" on success.
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

AUTHORITY = os.environ["AZURE_AUTHORITY_HOST"]
URL = os.environ["PARTNER_INGESTION_URL"]


def send(method, url, body=None, **headers):
    """Returns status, headers and body of a response, for any status."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def token():
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "resource": "https://api.partner.microsoft.com",
    }
    endpoint = f"{AUTHORITY}/{os.environ['AZURE_TENANT_ID']}/oauth2/token"
    status, _, body = send("POST", endpoint, urllib.parse.urlencode(form).encode())
    assert status == 200, body
    return json.loads(body)["access_token"]


BEARER = {"Authorization": f"Bearer {token()}"}
JSON = {"Content-Type": "application/json", **BEARER}


def call(method, path, body=None, **headers):
    status, response_headers, text = send(method, f"{URL}/{path}", body, **{**JSON, **headers})
    return status, response_headers, json.loads(text) if text else None


offer = {
    "resourceType": "AzureApplication",
    "name": "Contoso",
    "externalIDs": [{"type": "AzureOfferId", "value": "contoso"}],
}
status, headers, product = call("POST", "products", offer)
assert status == 201 and headers["Location"].endswith(product["id"]), (status, product)
product = f"products/{product['id']}"

status, _, package = call("POST", f"{product}/packages", {"resourceType": "AzureApplicationPackage", "fileName": "a.zip"})
assert status == 201, package
# The unmodified upload URL, without the token.
status, _, _ = send("PUT", package["fileSasUri"], b"PK mainTemplate.json", **{"x-ms-blob-type": "BlockBlob"})
assert status == 201
path = f"{product}/packages/{package['id']}"
status, _, response = call("PUT", path, {**package, "state": "Uploaded"}, **{"If-Match": package["@odata.etag"]})
assert status == 200 and response["state"] == "Uploaded", response
status, _, response = call("PUT", path, package, **{"If-Match": package["@odata.etag"]})
assert status == 412, response


def control(method, what, body=None):
    status, _, text = send(method, f"{AUTHORITY}/sandbox/{what}", body)
    assert status in (200, 204), text
    return json.loads(text) if text else None


control("POST", "faults", {"calls": "GET /products", "status": 429, "shape": "gateway", "headers": {"Retry-After": "7"}})
status, headers, response = call("GET", "products")
assert (status, headers["Retry-After"], response["statusCode"]) == (429, "7", 429)
control("POST", "incidents", {"incident": "list-empty"})
assert call("GET", "products")[2] == {"value": []}
control("DELETE", "incidents", {"incident": "list-empty"})
assert len(call("GET", "products")[2]["value"]) == 1
control("POST", "tokens", {"lifetimeSeconds": 60})
control("POST", "submissions", {"nextOutcome": "fail-certification"})
control("POST", "clock", {"advanceSeconds": 3000})
status, _, response = call("GET", path)
assert status == 200 and response["state"] == "Processed", response
control("DELETE", "tokens")
assert call("GET", "products")[0] == 401
calls = control("GET", "calls")
assert calls[-1]["status"] == 401 and calls[-1]["operation"] == "GET /products", calls[-1]
print("ok")
