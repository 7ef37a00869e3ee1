// Drives the page of the sandbox in a browser, while a program publishes offers with the SDK.
//
//   node page.mjs OFFER SAMPLE FOLDER
//
// OFFER is the example of the SDK that applies and publishes offers, SAMPLE the folder of its offer. Pictures are written to FOLDER. The environment variable READY has the line of JSON that
// `partner-sandbox --json` printed, BROWSER the path of Chromium. Prints "ok" on success.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [program, sample, folder] = process.argv.slice(2);
const ready = JSON.parse(process.env.READY);
const origin = new URL(ready.url).origin;
mkdirSync(folder, { recursive: true });

// The sandbox of CI has no user namespaces.
const browser = await chromium.launch({ executablePath: process.env.BROWSER, args: ['--no-sandbox'] });
const problems = [];

// Opens a page and records everything that must not happen.
async function open(options, address) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) problems.push(`request to another host: ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

// Applies and publishes a copy of the sample with another offer id. Returns the exit code and the output.
function publish(id) {
  const copy = join(folder, id);
  rmSync(copy, { recursive: true, force: true });
  cpSync(sample, copy, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(copy, 'offer.json')));
  manifest.offerId = id;
  writeFileSync(join(copy, 'offer.json'), JSON.stringify(manifest));
  const child = spawn(program, ['apply', copy, '--publish'], { env: { ...process.env, ...ready.environment }, stdio: 'pipe' });
  let output = '';
  child.stdout.on('data', (data) => { output += data; });
  child.stderr.on('data', (data) => { output += data; });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const form = new URLSearchParams({
  grant_type: 'client_credentials',
  client_id: ready.clientId,
  client_secret: ready.clientSecret,
  resource: 'https://api.partner.microsoft.com',
});
const endpoint = `${ready.authority}/${ready.tenant}/oauth2/token`;
const { access_token: token } = await (await fetch(endpoint, { method: 'POST', body: form })).json();

function call(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${ready.url}/${path}`, { method, headers, body: body && JSON.stringify(body) });
}

const page = await open({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' }, ready.page);
const offer = (id) => page.locator('.offer', { hasText: id });
const control = async (button, expected) => {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.locator('#message', { hasText: expected }).waitFor();
};
assert.equal(page.url(), `${origin}/`, 'the token is not in the address');
await page.locator('#live', { hasText: 'Live' }).waitFor();
await page.locator('#offer-list', { hasText: 'No offers yet.' }).waitFor();

// An offer that the SDK publishes appears, and goes live.
const first = publish('fabrikam');
await offer('fabrikam').waitFor();
let result = await first;
assert.equal(result.code, 0, result.output);
await offer('fabrikam').locator('.badge.state', { hasText: /^live$/ }).first().waitFor();
await offer('fabrikam').locator('summary').first().click();
assert.equal(await offer('fabrikam').locator('.track .done').count(), 5);
await page.locator('.files', { hasText: 'Processed' }).first().waitFor();

// The outcome that is set on the page decides the next submission.
await page.getByLabel('Outcome').selectOption('fail-certification');
await control('Set outcome', 'The next submission: fail-certification.');
await page.locator('#outcomes', { hasText: 'fail-certification' }).waitFor();
result = await publish('contoso');
assert.equal(result.code, 1, result.output);
await offer('contoso').locator('.badge.state', { hasText: 'certification failed' }).waitFor();
await page.locator('#outcomes', { hasText: 'by the content' }).waitFor();

// A call that violates the document is marked, and shown without the token.
assert.equal((await call('POST', 'products', { resourceType: 'AzureApplication', name: 7 })).status, 400);
const violation = page.locator('.call.violation').first();
await violation.locator('.badge', { hasText: 'violates the document' }).waitFor();
await violation.locator('summary').focus();
await page.keyboard.press('Enter');
await violation.locator('pre.curl').waitFor();
const shown = await violation.textContent();
assert.ok(shown.includes('"name": 7') && shown.includes('Bearer ***') && !shown.includes(token), shown);
await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
await violation.getByRole('button', { name: 'Copy as curl' }).click();
await violation.getByRole('button', { name: 'Copied' }).waitFor();
const copied = await page.evaluate(() => navigator.clipboard.readText());
assert.ok(copied.startsWith('curl -X POST') && copied.includes('Bearer $TOKEN'), copied);

// A fault hits the next call only.
await page.locator('select[name=calls]').selectOption('GET /products');
await control('Inject fault', 'The fault was injected.');
await page.locator('#faults', { hasText: 'GET /products: status 503' }).waitFor();
assert.deepEqual([(await call('GET', 'products')).status, (await call('GET', 'products')).status], [503, 200]);
await page.locator('#faults', { hasText: 'none' }).waitFor();

// An incident is active until it is stopped.
const incident = page.getByRole('button', { name: 'list-empty' });
await incident.click();
await page.locator('#message', { hasText: 'Started list-empty.' }).waitFor();
assert.deepEqual((await (await call('GET', 'products')).json()).value, []);
await page.locator('button[aria-pressed=true]', { hasText: 'list-empty' }).click();
await page.locator('#message', { hasText: 'Stopped list-empty.' }).waitFor();
assert.equal((await (await call('GET', 'products')).json()).value.length, 2);

// The filter selects calls, also those that arrive later.
await page.getByLabel('Filter').fill('injected fault');
await page.waitForFunction(() => document.querySelectorAll('#call-list .call').length === 1);
await page.getByLabel('Filter').fill('');
await page.getByLabel('Only errors and violations').check();
await page.waitForFunction(() => {
  const calls = [...document.querySelectorAll('#call-list .call')];
  return calls.length >= 2 && calls.every((call) => !call.classList.contains('ok'));
});
await page.getByLabel('Only errors and violations').uncheck();
await page.waitForFunction(() => document.querySelector('#call-list .call.ok'));

// The keyboard is enough: the first stop is the link to the calls.
await page.evaluate(() => document.activeElement.blur());
await page.reload();
await page.locator('#live', { hasText: 'Live' }).waitFor();
await page.keyboard.press('Tab');
assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
const unnamed = await page.evaluate(() => {
  const named = (e) => e.labels?.length || e.textContent.trim() || e.getAttribute('aria-label') || e.type === 'hidden';
  return [...document.querySelectorAll('input, select, button, a')].filter((e) => !named(e)).map((e) => e.outerHTML);
});
assert.deepEqual(unnamed, [], 'every control has a name');

// Pictures in three forms. Nothing is wider than the window.
for (const [name, width, colorScheme] of [['light', 1280, 'light'], ['dark', 1280, 'dark'], ['narrow', 400, 'light']]) {
  const picture = await open({ viewport: { width, height: 900 }, colorScheme }, ready.page);
  await picture.locator('#live', { hasText: 'Live' }).waitFor();
  for (const selector of ['.call.violation > summary', '.offer > summary', '.module > summary >> nth=1']) {
    await picture.locator(selector).first().click();
  }
  await picture.locator('.call pre.curl').first().waitFor();
  await picture.evaluate(() => { document.getElementById('call-list').scrollTop = 0; scrollTo(0, 0); });
  assert.ok(await picture.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} scrolls sideways`);
  await picture.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  await picture.context().close();
}

// Without the token, the page is for reading only.
const reader = await open({}, `${origin}/`);
assert.ok(await reader.getByRole('button', { name: 'Set outcome' }).isDisabled());
await reader.context().close();

// A day later, the token is expired.
await page.getByLabel('Advance by').selectOption('86400');
await control('Advance clock', 'The clock was advanced.');
assert.equal((await call('GET', 'products')).status, 401);

// A saved state replaces an empty one.
const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the state' }).click()]);
const file = join(folder, 'state.json');
await download.saveAs(file);
await control('Reset everything', 'The sandbox was reset.');
await page.locator('#offer-list', { hasText: 'No offers yet.' }).waitFor();
await page.locator('#call-list', { hasText: 'No calls yet.' }).waitFor();
await page.getByLabel('State file').setInputFiles(file);
await control('Load state', 'The state was loaded.');
await offer('fabrikam').waitFor();

await browser.close();
assert.deepEqual(problems, []);
console.log('ok');
