// A sandbox for the tests of a file, which is empty at the start of each test.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach } from 'node:test';
import { createInterface } from 'node:readline';

export const sandbox = {};
let program;

before(async () => {
  const path = process.env.PARTNER_SANDBOX_PROGRAM ?? 'partner-sandbox';
  program = spawn(path, ['--json', '--control'], { stdio: ['ignore', 'pipe', 'ignore'] });
  // The line is printed when the sandbox is ready. Without one, the sandbox could not start.
  const { value: line } = await createInterface({ input: program.stdout })[Symbol.asyncIterator]().next();
  Object.assign(sandbox, JSON.parse(line));
  Object.assign(process.env, sandbox.environment);
});

beforeEach(async () => {
  const response = await fetch(`${sandbox.authority}/sandbox/reset`, { method: 'POST' });
  if (!response.ok) throw new Error(await response.text());
});

after(async () => {
  program.kill('SIGTERM');
  if (program.exitCode === null) await once(program, 'exit');
});
