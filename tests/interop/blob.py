"""Uploads packages with Microsoft's unmodified storage client (azure-storage-blob).

Reads the environment variables that the sandbox printed, and prints "ok" on success.
"""

import io

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobClient

from sandbox_client import call

offer = {
    "resourceType": "AzureApplication",
    "name": "Fabrikam",
    "externalIDs": [{"type": "AzureOfferId", "value": "fabrikam"}],
}
_, _, product = call("POST", "products", offer)
PACKAGES = f"products/{product['id']}/packages"


def package(name):
    status, _, created = call("POST", PACKAGES, {"resourceType": "AzureApplicationPackage", "fileName": name})
    assert status == 201, created
    return created


def mark(created):
    """Marks a package as uploaded and waits until it is processed."""
    path = f"{PACKAGES}/{created['id']}"
    status, _, marked = call("PUT", path, {**created, "state": "Uploaded"})
    assert status == 200, marked
    while True:
        _, _, current = call("GET", path)
        if current["state"] not in ("Uploaded", "InProcessing"):
            return current["state"], marked["fileSasUri"]


# One request.
small = b"PK" + bytes(range(256)) * 16
created = package("small.zip")
client = BlobClient.from_blob_url(created["fileSasUri"])
# The client takes the parts of a loopback address from its path.
assert all((client.account_name, client.container_name, client.blob_name)), client.url
client.upload_blob(small)
state, readable = mark(created)
assert state == "Processed", state
reader = BlobClient.from_blob_url(readable)
assert reader.download_blob().readall() == small
assert reader.get_blob_properties().size == len(small)

# Without `overwrite`, an existing file is kept.
try:
    client.upload_blob(small)
    raise AssertionError("the file was replaced")
except ResourceExistsError:
    pass
client.upload_blob(small, overwrite=True)

# Many blocks in parallel, from a stream of unknown length.
large = b"PK" + bytes(5_000_000)
created = package("large.zip")
options = {"max_single_put_size": 1024, "max_block_size": 1 << 20}
client = BlobClient.from_blob_url(created["fileSasUri"], **options)
client.upload_blob(io.BytesIO(large), max_concurrency=4)
state, readable = mark(created)
assert state == "Processed", state
assert BlobClient.from_blob_url(readable).download_blob().readall() == large

# A download address cannot be used to upload.
try:
    BlobClient.from_blob_url(readable).upload_blob(small, overwrite=True)
    raise AssertionError("a read-only address was written")
except HttpResponseError as error:
    assert error.status_code == 403, error
print("ok")
