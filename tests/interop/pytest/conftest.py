"""A sandbox for the tests of a session, which is empty at the start of each test."""

import json
import os
import subprocess
import urllib.request

import pytest


@pytest.fixture(scope="session")
def running_sandbox():
    program = os.environ.get("PARTNER_SANDBOX_PROGRAM", "partner-sandbox")
    with subprocess.Popen([program, "--json", "--control"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            # The line is printed when the sandbox is ready. It is empty if the sandbox could not start.
            yield json.loads(process.stdout.readline() or "{}")
        finally:
            process.terminate()


@pytest.fixture
def sandbox(running_sandbox, monkeypatch):
    for name, value in running_sandbox["environment"].items():
        monkeypatch.setenv(name, value)
    reset = urllib.request.Request(running_sandbox["authority"] + "/sandbox/reset", method="POST")
    urllib.request.urlopen(reset).close()
    return running_sandbox
