"""Sends the requests of unmodified clients to the sandbox. Python imports this file at start, because its folder is on PYTHONPATH.

The clients' code and configuration name the hosts of the service. Only the connections are changed, for every library on urllib3
(requests, azure-core, generated clients): those to the two hosts below go to the sandbox over plain HTTP. Paths, headers and bodies
are sent as they are. Loopback addresses are used as they are, and any other host is an error, so that nothing leaves the machine.
"""

import os
from urllib.parse import urlsplit

import urllib3

REDIRECTED = {"login.microsoftonline.com", "api.partner.microsoft.com"}
SANDBOX = urlsplit(os.environ["AZURE_AUTHORITY_HOST"])

connect = urllib3.PoolManager.connection_from_host


def connection_from_host(self, host, port=None, scheme="http", pool_kwargs=None):
    if host in REDIRECTED:
        host, port, scheme = SANDBOX.hostname, SANDBOX.port, SANDBOX.scheme
    elif host != "127.0.0.1":
        raise RuntimeError(f"request to {host}, which is neither redirected nor a loopback address")
    return connect(self, host, port, scheme, pool_kwargs)


urllib3.PoolManager.connection_from_host = connection_from_host
