import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openRecord, type Result } from '../../src/contract/record.ts';
import type { SealedRecord } from '../../src/contract/sealed-record.ts';
import {
  claimRestoration,
  isDecided,
  previousRecordOf,
  readOutcome,
  readRecord,
  sealRecord,
} from '../../src/records/record.ts';
import { orderOf, TARGET } from './plan.ts';
import { NOBODY, type Notary } from '../../src/signing/notary.ts';
import { handsOn, scratchStore } from './scratch.ts';

const AT = '2026-11-23T09:00:00.000Z';
const ROUNDS = 100;

async function openRecords(notary?: Notary) {
  const { path, artifacts } = await scratchStore(undefined, notary);
  return { path, store: artifacts.component(TARGET.component) };
}

function idOf(n: number): string {
  return `staging/storefront/${n}`;
}

function sealedAs(result: Result, n = 1, sealedAt = AT): SealedRecord {
  const order = orderOf(`request-${n}`);
  return { record: { ...openRecord(idOf(n), order), result }, order, after: null, sealedAt };
}

function intentOf(n: number) {
  return { deploymentId: idOf(n), generation: n, at: AT };
}

const isTrue = (): boolean => true;
const isFalse = (): boolean => false;

describe('the record of a deployment', () => {
  test('is read back as it was sealed, and is the outcome', async () => {
    const { store } = await openRecords();
    expect(await readRecord(store, idOf(1))).toBeNull();
    expect(await isDecided(store, idOf(1))).toBe(false);
    const sealed = await sealRecord(store, sealedAs('failed'));
    expect(sealed).toEqual({ ...sealedAs('failed'), digest: sealed.digest, key: 'orchestrator-1' });
    expect(await readRecord(store, idOf(1))).toEqual(sealed);
    expect(await readOutcome(store, idOf(1))).toBe(sealed.digest);
    expect(await isDecided(store, idOf(1))).toBe(true);
  });

  test('sealed again is the same one', async () => {
    const { store } = await openRecords();
    const sealed = await sealRecord(store, sealedAs('completed'));
    expect(await sealRecord(store, sealedAs('completed'))).toEqual(sealed);
  });

  test('stands: another one sealed after it is answered with it', async () => {
    const { store } = await openRecords();
    const first = await sealRecord(store, sealedAs('completed'));
    expect(await sealRecord(store, sealedAs('aborted'))).toEqual(first);
    expect(await sealRecord(store, sealedAs('completed', 1, '2026-11-23T10:00:00.000Z'))).toEqual(first);
    expect(await readRecord(store, idOf(1))).toEqual(first);
  });

  test('is the decided one, although its first sealing was cut short between the two names', async () => {
    const { path, store } = await openRecords();
    const first = await sealRecord(store, sealedAs('completed'));
    await handsOn(path, TARGET.component).unname('record.staging.1');
    expect(await sealRecord(store, sealedAs('failed'))).toEqual(first);
  });

  test('names the one before it, which has to be there', async () => {
    const { store } = await openRecords();
    expect(await previousRecordOf(store, idOf(1))).toBeNull();
    await expect(previousRecordOf(store, idOf(2))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const { digest } = await sealRecord(store, sealedAs('failed'));
    expect(await previousRecordOf(store, idOf(2))).toBe(digest);
  });

  test('of an order that ended in the queue is none: that is an act', async () => {
    const { store } = await openRecords();
    const { record, ...rest } = sealedAs('failed');
    await expect(sealRecord(store, { ...rest, record: { ...record, deploymentId: null } })).rejects.toThrow(TypeError);
  });
});

describe('the seventh stage is completion or rollback, and never both', () => {
  test('a claim to restore keeps a completion out, and takes any other record', async () => {
    const { store } = await openRecords();
    expect(await claimRestoration(store, intentOf(1))).toBeNull();
    await expect(sealRecord(store, sealedAs('completed'))).rejects.toMatchObject({
      code: 'EVIDENCE_REUSED',
    });
    expect(await readRecord(store, idOf(1))).toBeNull();
    expect((await sealRecord(store, sealedAs('rolled-back'))).record.result).toBe('rolled-back');
    expect(await readOutcome(store, idOf(1))).toBe('restoration');
  });

  test('a completed record keeps a restoration out', async () => {
    const { store } = await openRecords();
    const completed = await sealRecord(store, sealedAs('completed'));
    expect(await claimRestoration(store, intentOf(1))).toEqual(completed);
    expect(await readOutcome(store, idOf(1))).toBe(completed.digest);
  });

  test('a claim made again holds', async () => {
    const { store } = await openRecords();
    expect(await claimRestoration(store, intentOf(1))).toBeNull();
    expect(await claimRestoration(store, { ...intentOf(1), at: '2026-11-23T10:00:00.000Z' })).toBeNull();
  });

  test.each(['completion', 'restoration'])(
    'exactly one wins when both come at once and the %s is asked first',
    async (first) => {
      const { store } = await openRecords();
      for (let n = 1; n <= ROUNDS; n += 1) {
        const complete = () => sealRecord(store, sealedAs('completed', n)).then(isTrue, isFalse);
        const restore = async () => (await claimRestoration(store, intentOf(n))) === null;
        const racers = first === 'completion' ? [complete, restore] : [restore, complete];
        const won = await Promise.all(racers.map((racer) => racer()));
        expect(won.filter(Boolean)).toHaveLength(1);
        const isRestoring = (await readOutcome(store, idOf(n))) === 'restoration';
        expect((await readRecord(store, idOf(n))) === null).toBe(isRestoring);
      }
    },
  );

  test('exactly one wins when two processes come at once', async () => {
    const { path, store } = await openRecords(NOBODY); // as the racers, who have no key
    const racers = await Promise.all(['complete', 'restore'].map((kind) => startRacer(path, kind)));
    for (let n = 1; n <= ROUNDS; n += 1) {
      const answers = await Promise.all(racers.map((racer) => racer(idOf(n))));
      expect([
        ['completed', 'completed'],
        ['EVIDENCE_REUSED', 'restoring'],
      ]).toContainEqual(answers);
      expect((await readRecord(store, idOf(n)))?.record.result ?? null).toBe(
        answers[0] === 'completed' ? 'completed' : null,
      );
    }
  });
});

/** Another process with the same store: given a deployment's id, it answers what it found to stand. */
async function startRacer(path: string, kind: string): Promise<(deploymentId: string) => Promise<string>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/racer.mjs'), path, kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  return async (deploymentId) => {
    child.stdin.write(`${deploymentId}\n`);
    const [line] = (await once(lines, 'line')) as [string];
    return line;
  };
}
