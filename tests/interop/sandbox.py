"""Tests the sandbox from another language. Requires only python3 and its standard library.

Creates an offer, uploads a package and injects faults. Prints "ok" on success. It can run again on the same sandbox: its offer has
a new id and is deleted, and settings are restored.
"""

import uuid

from sandbox_client import call, control, send

# Faults and outcomes of an interrupted run.
control("DELETE", "faults")
control("DELETE", "submissions")

offer = {
    "resourceType": "AzureApplication",
    "name": "Contoso",
    "externalIDs": [{"type": "AzureOfferId", "value": f"contoso-{uuid.uuid4()}"}],
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

control("POST", "faults", {"calls": "GET /products", "status": 429, "shape": "gateway", "headers": {"Retry-After": "7"}})
status, headers, response = call("GET", "products")
assert (status, headers["Retry-After"], response["statusCode"]) == (429, "7", 429)
control("POST", "incidents", {"incident": "list-empty"})
assert call("GET", "products")[2] == {"value": []}
control("DELETE", "incidents", {"incident": "list-empty"})
assert len(call("GET", "products")[2]["value"]) >= 1
control("POST", "tokens", {"lifetimeSeconds": 4000})
control("POST", "submissions", {"nextOutcome": "fail-certification"})
control("POST", "clock", {"advanceSeconds": 3000})
status, _, response = call("GET", path)
assert status == 200 and response["state"] == "Processed", response
assert call("DELETE", product)[0] == 204
control("DELETE", "submissions")
control("POST", "tokens", {"lifetimeSeconds": 3600})
control("DELETE", "tokens")
assert call("GET", "products")[0] == 401
calls = control("GET", "calls")
assert calls[-1]["status"] == 401 and calls[-1]["operation"] == "GET /products", calls[-1]
assert calls[-1]["request"]["headers"]["authorization"] == "Bearer ***", calls[-1]
print("ok")
