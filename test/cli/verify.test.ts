import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import { NOBODY } from '../../src/signing/notary.ts';
import { openDesk, type Desk } from './desk.ts';
import { sealRejected } from './records.ts';

let desk: Desk;
let record: DeploymentRecord;
beforeAll(async () => {
  desk = await openDesk();
  record = await sealRejected(desk.artifacts, 1);
});
afterAll(() => desk.remove());

/** Of a deployment that Change Intake rejected. */
const SIGNERS = [
  { document: 'change-intake', key: 'orchestrator-1' },
  { document: 'record', key: 'orchestrator-1' },
];
const VALID = { id: 'staging/storefront/1', verdict: 'VALID', clause: null, reason: null };

async function fileWith(content: unknown): Promise<string> {
  const file = join(desk.folder, 'record.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('slipway verify', () => {
  test.each(['staging/storefront/1', 'r1'])('%s is VALID, without a server: exit code 0', async (id) => {
    const { exitCode, stdout } = await desk.run(['verify', id, '--json'], 'away');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ...VALID, signers: SIGNERS });
  });

  test('the very record in a file is VALID', async () => {
    const { exitCode, stdout } = await desk.run(['verify', await fileWith(record), '--json'], 'away');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ...VALID, signers: SIGNERS });
  });

  test('each key is named, and what it signed', async () => {
    const { stdout } = await desk.run(['verify', 'staging/storefront/1'], 'away');
    expect(stdout).toBe('VALID staging/storefront/1\n  signed by orchestrator-1: change-intake, record\n');
  });

  test('what nobody signed, before anything was signed, is VALID and called unsigned', async () => {
    const old = await openDesk(NOBODY);
    await sealRejected(old.artifacts, 1);
    const { exitCode, stdout } = await old.run(['verify', 'staging/storefront/1'], 'away');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^VALID .*\n {2}unsigned, from before anything was signed: change-intake, record\n$/);
    await old.remove();
  });

  test('a record in a file that is not the sealed one is INVALID (§14): exit code 4', async () => {
    const file = await fileWith({ ...record, change: { ...record.change, requestedBy: 'eve' } });
    const { exitCode, stdout } = await desk.run(['verify', file, '--json'], 'away');
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'INVALID',
      clause: '§14',
      reason: expect.stringContaining('change'),
    });
    expect((await desk.run(['verify', file], 'away')).stdout).toMatch(/^INVALID staging\/storefront\/1 \(§14\) /);
  });

  test.each(['staging/storefront/9', 'nope', 'staging/nope/1'])(
    '%s is nothing that the store knows: exit code 2',
    async (id) => {
      expect(await desk.run(['verify', id], 'away')).toMatchObject({ exitCode: 2, stdout: '' });
    },
  );

  test.each(['no json', '[]', '{"deploymentId": null, "stages": []}', '{}', 'null'])(
    'a file of %s is no record: exit code 2',
    async (content) => {
      const said = await desk.run(['verify', await fileWith(content)], 'away');
      expect(said).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^FILE_INVALID /) });
    },
  );

  test('a folder is no record: exit code 2', async () => {
    expect(await desk.run(['verify', desk.folder], 'away')).toMatchObject({ exitCode: 2 });
  });
});

describe('slipway replay', () => {
  test.each(['staging/storefront/1', 'nope'])('%s has no history in the store: exit code 2', async (id) => {
    expect(await desk.run(['replay', id], 'away')).toMatchObject({ exitCode: 2, stdout: '' });
  });

  test.each(['no json', '{}', '{"events": []}'])('a file of %s is no history: exit code 2', async (content) => {
    const said = await desk.run(['replay', await fileWith(content), '--json'], 'away');
    expect(said.exitCode).toBe(2);
    expect(JSON.parse(said.stdout)).toMatchObject({ error: { code: 'FILE_INVALID' } });
  });
});
