"""A small client of the sandbox, on the standard library alone. Reads the environment variables that the sandbox printed."""

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
    """Calls the API and returns status, headers and the JSON of the response."""
    status, response_headers, text = send(method, f"{URL}/{path}", body, **{**JSON, **headers})
    return status, response_headers, json.loads(text) if text else None


def control(method, what, body=None):
    """Calls the control API, which the sandbox has with `--control`."""
    status, _, text = send(method, f"{AUTHORITY}/sandbox/{what}", body)
    assert status in (200, 204), text
    return json.loads(text) if text else None
