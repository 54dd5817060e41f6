import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const compiled = join(import.meta.dirname, '..', '..', 'dist', 'src');

// Under vitest, CommonJS packages have named exports that Node itself does not see.
test.each([
  'up/up.js',
  'up/locate.js',
  'up/doctor/doctor.js',
  'temporal/bundle.js',
  'temporal/codes.js',
  'temporal/worker-connection.js',
])('Node loads %s as it was compiled', async (module) => {
  const { exitCode } = await execa(process.execPath, ['--eval', `import(${JSON.stringify(join(compiled, module))})`]);
  expect(exitCode).toBe(0);
});
