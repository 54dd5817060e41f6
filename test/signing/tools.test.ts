import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readDocument } from '../../src/artifacts/sealed.ts';
import { readKey } from '../../src/config/public-key.ts';
import { SLSA } from '../../src/contract/slsa.ts';
import type { Stage } from '../../src/contract/stages.ts';
import { nameOf } from '../../src/records/names.ts';
import { createTarget } from '../records/deployments.ts';
import { openStore } from '../records/scratch.ts';
import { createTestKey, TEST_KEY, type TestKey } from './keys.ts';

const NEEDED = 'cosign is not installed here: https://docs.sigstore.dev/cosign/system_config/installation';
const isFound = spawnSync('cosign', ['version'], { stdio: 'ignore' }).error === undefined;

/** What cosign is given: files, and what kind of thing the envelope is to say. */
interface Question {
  readonly key: string;
  readonly signature: string;
  readonly blob: string;
  readonly type: string;
}

/** Why cosign does not accept it, or null: with nothing but these files, without network or transparency log. */
async function whyNot({ key, signature, blob, type }: Question): Promise<string | null> {
  const files = ['--key', key, '--signature', signature, '--type', type, blob];
  return await new Promise((resolve) => {
    execFile('cosign', ['verify-blob-attestation', '--insecure-ignore-tlog', ...files], (error, _, stderr) =>
      resolve(error === null ? null : stderr),
    );
  });
}

let folder: string;
let blobs: string;
let target: ReturnType<typeof createTarget>;

beforeAll(async () => {
  const opened = await openStore();
  folder = opened.path;
  blobs = join(folder, 'storefront/blobs/sha256');
  target = createTarget(opened.artifacts);
  await target.deploy();
  await target.deploy();
  return () => opened.remove();
});

/** A public key as other tools read it. */
async function pemOf(key: TestKey, name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, readKey(key.trusted('builder').key)?.export({ type: 'spki', format: 'pem' }) ?? '');
  return file;
}

/** The blob of a stage's envelope, of the first deployment; that of its image; and another image's. */
async function filesOf(stage: Stage): Promise<{ signature: string; blob: string; other: string }> {
  const document = await readDocument(target.store, nameOf.evidence(target.idOf(1), stage));
  const [image, other] = [1, 2].map((n) => target.released(target.idOf(n)).digest);
  const file = (digest = ''): string => join(blobs, digest.replace('sha256:', ''));
  return { signature: file(document?.digest), blob: file(image), other: file(other) };
}

/** The envelope with something changed, in a file of its own. */
async function altered(original: string, name: string, change: (envelope: Envelope) => unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(original, 'utf8')) as Envelope)));
  return file;
}

interface Envelope {
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** Base64 in which one bit of one byte is another, and nothing else. */
function flipped(base64: string, at: number): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64');
}

/** One bit of the first digest that it names. */
function withPayload({ payload, ...envelope }: Envelope): Envelope {
  return { ...envelope, payload: flipped(payload, Buffer.from(payload, 'base64').indexOf('sha256":"') + 10) };
}

function withSignature({ signatures, ...envelope }: Envelope): Envelope {
  return { ...envelope, signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: flipped(sig, 20) })) };
}

const UNSIGNED = /accepted signatures do not match threshold, Found: 0/;

describe.each<[string, Stage, string]>([
  ['the provenance of an artifact', 'build', 'slsaprovenance1'],
  ['the summary of its verification', 'verification', SLSA.summary],
  ['the summary of its release', 'release', SLSA.summary],
])('%s, in the hands of cosign,', (_, stage, type) => {
  it('is accepted as it is, and refused with anything changed', async ({ skip }) => {
    if (!isFound) skip(NEEDED);
    const { signature, blob, other } = await filesOf(stage);
    const good: Question = { key: await pemOf(TEST_KEY, 'signer.pub'), signature, blob, type };
    const change = (name: string, by: (envelope: Envelope) => unknown) => altered(signature, `${stage}-${name}`, by);
    const changed: readonly (readonly [string, Partial<Question>, RegExp])[] = [
      ['another key', { key: await pemOf(createTestKey(), 'other.pub') }, UNSIGNED],
      ['another image', { blob: other }, /no matching subject digest/],
      ['another type', { type: type === SLSA.summary ? 'slsaprovenance1' : SLSA.summary }, /invalid predicate type/],
      ['its payload', { signature: await change('payload', withPayload) }, UNSIGNED],
      ['its signature', { signature: await change('signature', withSignature) }, UNSIGNED],
      [
        'no signature',
        { signature: await change('none', (envelope) => ({ ...envelope, signatures: [] })) },
        /no signature found/,
      ],
    ];
    expect(await whyNot(good)).toBeNull();
    const refused = changed.map(async ([what, by, reason]) => [
      what,
      reason.test((await whyNot({ ...good, ...by })) ?? ''),
    ]);
    expect(await Promise.all(refused)).toEqual(changed.map(([what]) => [what, true]));
  });
});
