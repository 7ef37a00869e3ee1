// Tests with the setup of sandbox.mjs. Each one starts with an empty sandbox.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sandbox } from './sandbox.mjs';

// A client as a program has it: it reads the environment variables.
async function call(method, path, body) {
  const { AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, PARTNER_INGESTION_URL } = process.env;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: AZURE_CLIENT_ID,
    client_secret: AZURE_CLIENT_SECRET,
    resource: 'https://api.partner.microsoft.com',
  });
  const endpoint = `${AZURE_AUTHORITY_HOST}/${AZURE_TENANT_ID}/oauth2/token`;
  const { access_token: token } = await (await fetch(endpoint, { method: 'POST', body: form })).json();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${PARTNER_INGESTION_URL}/${path}`, { method, headers, body: body && JSON.stringify(body) });
}

const offer = {
  resourceType: 'AzureApplication',
  name: 'Contoso',
  externalIDs: [{ type: 'AzureOfferId', value: 'contoso' }],
};

for (const attempt of [1, 2]) {
  test(`the sandbox is empty at the start, attempt ${attempt}`, async () => {
    assert.deepEqual(await (await call('GET', 'products')).json(), { value: [] });
    assert.equal((await call('POST', 'products', offer)).status, 201);
  });
}

test('a fault is injected', async () => {
  const fault = JSON.stringify({ calls: 'GET /products', status: 503 });
  await fetch(`${sandbox.authority}/sandbox/faults`, { method: 'POST', body: fault });
  assert.equal((await call('GET', 'products')).status, 503);
  const calls = await (await fetch(`${sandbox.authority}/sandbox/calls`)).json();
  assert.deepEqual(calls.filter((entry) => entry.operation).map((entry) => entry.status), [503]);
});
