import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

test('a service gets the typed client from the package itself, by its name', async () => {
  const script = `import * as slipway from 'slipway'; console.log(JSON.stringify(Object.keys(slipway).toSorted()))`;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', script], { cwd: ROOT });
  expect(JSON.parse(stdout)).toEqual([
    'EXIT_OF_RESULT',
    'FAILURES',
    'RESULTS',
    'STAGES',
    'SlipwayError',
    'connect',
    'createSlipway',
    'openSlipway',
  ]);
});
