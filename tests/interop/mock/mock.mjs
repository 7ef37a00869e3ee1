// Calls the mock that Prism makes of the tools document. Usage: node mock.mjs DOCUMENT. Prints "ok" on success.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

const port = await freePort();
const prism = ['node_modules/@stoplight/prism-cli/dist/index.js', 'mock', '--host', '127.0.0.1', '--port', String(port)];
const mock = spawn(process.execPath, [...prism, process.argv[2]], { stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => mock.kill());
let log = '';
await new Promise((ready, failed) => {
  mock.stdout.on('data', (text) => {
    log += text;
    if (log.includes('Prism is listening')) ready();
  });
  mock.on('exit', () => failed(new Error(`Prism exited before it was ready:\n${log}`)));
});

async function call(method, path, body, headers = {}) {
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, {
    method,
    headers: { authorization: 'Bearer token', 'content-type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

const product = await call('GET', 'products/some-id');
assert.equal(product.status, 200, log);
assert.equal(typeof product.body.name, 'string');

const created = await call('POST', 'products', { resourceType: 'AzureApplication', name: 'Contoso' });
assert.equal(created.status, 201, log);
const plan = await call('POST', 'products/some-id/variants', { resourceType: 'AzureTestDriveVariant', state: 'Active' });
assert.equal(plan.status, 201, log);
assert.ok(['AzureSkuVariant', 'AzureTestDriveVariant'].includes(plan.body.resourceType), JSON.stringify(plan.body));

const list = await call('GET', 'products/some-id/branches/getByModule(module=Listing)');
assert.equal(list.status, 200, log);
assert.ok(Array.isArray(list.body.value) && list.body.value[0].module, JSON.stringify(list.body));
const properties = await call('GET', 'products/some-id/properties');
assert.ok(Array.isArray(properties.body.value[0].leveledCategories.media), JSON.stringify(properties.body));

// Requests that the document does not allow: a value, a missing selector of a union, a missing body, header or token, a path.
const etag = { 'if-match': '"1"' };
const rejected = [
  ['POST', 'products', { resourceType: 'Unknown', name: 'Contoso' }, {}, 400],
  ['POST', 'products', { resourceType: 'AzureApplication', name: 5 }, {}, 400],
  ['POST', 'products/some-id/variants', { externalID: 'basic' }, {}, 400],
  ['PUT', 'products/some-id/listings/some-id', undefined, etag, 400],
  ['PUT', 'products/some-id/listings/some-id', { title: 'Contoso' }, {}, 400],
  ['GET', 'products/some-id/branches/getByModule(module=Unknown)', undefined, {}, 400],
  ['GET', 'products', undefined, { authorization: '' }, 401],
  ['GET', 'offers', undefined, {}, 404],
];
for (const [method, path, body, headers, status] of rejected) {
  const response = await call(method, path, body, headers);
  assert.equal(response.status, status, `${method} ${path}: ${JSON.stringify(response)}`);
}
const allowed = await call('PUT', 'products/some-id/listings/some-id', { title: 'Contoso', further: 1 }, etag);
assert.equal(allowed.status, 200, JSON.stringify(allowed));
console.log('ok');
process.exit(0);
