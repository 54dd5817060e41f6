import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows, workflowBundlePath } from '../../src/temporal/bundle.ts';

const root = join(import.meta.dirname, '..', '..');
let folder: string;
beforeAll(async () => {
  // Beside node_modules, where webpack looks for what a workflow imports.
  folder = await mkdtemp(join(root, 'node_modules', '.slipway-bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the bundle of the workflows', () => {
  test('lies with the compiled code, wherever it is asked from', () => {
    expect(workflowBundlePath()).toBe(join(root, 'dist', 'workflow-bundle.js'));
  });

  test('holds every workflow that the compiled index exports', async () => {
    await writeFile(join(folder, 'index.js'), 'export const target = async () => "a lane of its own";');
    const outFile = join(folder, 'bundle.js');
    await bundleWorkflows(outFile, join(folder, 'index.js'));
    expect(await readFile(outFile, 'utf8')).toContain('a lane of its own');
    expect((await readdir(folder)).toSorted()).toEqual(['bundle.js', 'index.js']);
  });

  test('is refused when a workflow imports what no workflow may, and the old bundle stays', async () => {
    const wrong = 'import { statSync } from "node:fs"; export const target = async () => statSync("/");';
    await writeFile(join(folder, 'bad.js'), wrong);
    const outFile = join(folder, 'bundle.js');
    const before = await readFile(outFile, 'utf8');
    await expect(bundleWorkflows(outFile, join(folder, 'bad.js'))).rejects.toThrow(/Webpack finished with errors/);
    expect(await readFile(outFile, 'utf8')).toBe(before);
  });
});
