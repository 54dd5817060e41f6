import { generateKeyPairSync } from 'node:crypto';
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Signature } from '../../src/contract/envelope.ts';
import type { Role } from '../../src/contract/stages.ts';
import { digestOf } from '../../src/digest-of.ts';
import { createSigner } from '../../src/signing/key.ts';
import { createMissingKeys, revokeKey, rotateKey } from '../../src/signing/keys.ts';
import { openNotary, openReader, type NotaryOptions } from '../../src/signing/open.ts';
import type { Notary } from '../../src/signing/notary.ts';
import { keyedPlatform, PLATFORM, type KeyedPlatform } from './platform.ts';

let platform: KeyedPlatform;
beforeEach(async () => {
  platform = await keyedPlatform();
  await createMissingKeys({ loaded: await platform.load(), env: platform.env, now: new Date() });
});
afterEach(() => platform.remove());
const PAYLOAD = Buffer.from('{}');
const BUILDER = { role: 'builder', environment: null } as const;

async function open(
  { load, env }: KeyedPlatform,
  role: Role = 'builder',
  more: Partial<NotaryOptions> = {},
): Promise<Notary> {
  return openNotary({ loaded: await load(), env, role, environment: role === 'deployer' ? 'staging' : null, ...more });
}

/** An envelope around the payload, as its reader has it. */
function openedWith(signatures: readonly Signature[]) {
  const digest = digestOf(Buffer.from(JSON.stringify(signatures)));
  return { statement: {} as never, payload: PAYLOAD, signatures, digest };
}

/** The name of the key by which something that is signed now is believed, or why it is not. */
async function judged(notary: Notary, reader: Notary, role: Role = 'builder', at = new Date()): Promise<string> {
  const opened = openedWith(notary.sign(PAYLOAD));
  const judgement = await reader.judge(opened, { roles: [role], environment: 'staging', at: at.toISOString() }, true);
  return judgement.state === 'signed' ? judgement.key : JSON.stringify(judgement);
}

const reader = async ({ load, env }: KeyedPlatform): Promise<Notary> => openReader({ loaded: await load(), env });

describe('a worker’s notary', () => {
  it('signs with the key of its role and environment', async () => {
    const deployer = await open(platform, 'deployer');
    expect(await judged(deployer, await reader(platform), 'deployer')).toBe('deployer-staging-1');
    expect(await judged(deployer, await reader(platform), 'builder')).toContain(
      'deployer-staging-1 is the key of deployer',
    );
  });

  it('takes up a new key when there is one, without being started again', async () => {
    const builder = await open(platform);
    await rotateKey({ loaded: await platform.load(), env: platform.env, now: new Date() }, BUILDER, 'ada');
    expect(await judged(builder, await reader(platform))).toBe('builder-2');
  });

  it('hears of a revocation at once: it signs no more, and what was signed is believed no more', async () => {
    const [builder, orchestrator] = [await open(platform), await open(platform, 'orchestrator')];
    const signatures = builder.sign(PAYLOAD);
    const now = new Date();
    await revokeKey({ loaded: await platform.load(), env: platform.env, now }, 'builder-1', {
      by: 'ada',
      reason: 'The laptop was stolen',
      from: now.toISOString(),
    });
    expect(() => builder.sign(PAYLOAD)).toThrow(/builder-1 was revoked/);
    const claim = { roles: ['builder'], environment: null, at: '2020-01-01T00:00:00.000Z' } as const;
    const opened = openedWith(signatures);
    expect(await orchestrator.judge(opened, claim, true)).toMatchObject({ state: 'untrusted' });
  });

  it('signs with nothing that would not be believed, and waits for a new key', async () => {
    const builder = await open(platform);
    const now = new Date();
    await rotateKey({ loaded: await platform.load(), env: platform.env, now }, BUILDER, 'ada');
    await rm(join(platform.keys.folder, 'builder-2.pem'));
    expect(await judged(builder, await reader(platform))).toBe('builder-1');
    vi.useFakeTimers({ now: now.getTime() + 600_000, toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    expect(() => builder.sign(PAYLOAD)).toThrow(/the private half of builder-2 is not in/);
    await createMissingKeys({ loaded: await platform.load(), env: platform.env, now: new Date() });
    expect(await judged(builder, await reader(platform))).toBe('builder-3');
  });

  it('believes nobody while the policy cannot be read, and says that this is our side’s fault', async () => {
    const builder = await open(platform);
    const opened = openedWith(builder.sign(PAYLOAD));
    const claim = { roles: ['builder'], environment: null, at: new Date().toISOString() } as const;
    const { trustFile } = platform.keys;
    const policy = await readFile(trustFile, 'utf8');
    const changes: readonly (readonly [() => Promise<void>, RegExp])[] = [
      [
        () => writeFile(trustFile, policy.replace('role: builder', 'role: baker')),
        /cannot be read: .*trust.yaml:\d+:\d+/,
      ],
      [() => writeFile(trustFile, ''), /cannot be read/],
      [() => rename(trustFile, `${trustFile}.away`), /there is no trust policy/],
      [() => platform.write('apiVersion: slipway/v2\n'), /cannot be read: .*platform.yaml/],
    ];
    for (const [change, said] of changes) {
      await change();
      const fault = { code: 'KEY_UNAVAILABLE', fault: 'platform', message: expect.stringMatching(said) };
      await expect(builder.judge(opened, claim, true)).rejects.toMatchObject(fault);
      expect(() => builder.sign(PAYLOAD)).toThrow(said);
    }
    await platform.write(PLATFORM);
    await writeFile(trustFile, policy);
    expect(await builder.judge(opened, claim, true)).toEqual({ state: 'signed', key: 'builder-1' });
  });

  it('goes by platform.yaml as soon as that says whose signatures count', async () => {
    const builder = await open(platform);
    await platform.write(`${PLATFORM}trust: { keys: [] }\n`);
    expect(() => builder.sign(PAYLOAD)).toThrow(/the trust policy has no key of it/);
  });
});

describe('a worker cannot start', () => {
  const pair = generateKeyPairSync('ed25519');
  const PEM = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it.for([
    [
      'without a key in the policy',
      async ({ keys }: KeyedPlatform) => writeFile(keys.trustFile, 'keys: []\n'),
      /has no key of it; make one/,
    ],
    [
      'without its private half',
      async ({ keys }: KeyedPlatform) => rm(join(keys.folder, 'builder-1.pem')),
      /private half of builder-1 is not in/,
    ],
    [
      'with one that others may read',
      async ({ keys }: KeyedPlatform) => chmod(join(keys.folder, 'builder-1.pem'), 0o640),
      /found mode 0640, expected 0600/,
    ],
    [
      'with another under its name',
      async ({ keys }: KeyedPlatform) => writeFile(join(keys.folder, 'builder-1.pem'), PEM),
      /is not the key that the trust policy calls builder-1/,
    ],
    [
      'with a file that is none',
      async ({ keys }: KeyedPlatform) => writeFile(join(keys.folder, 'builder-1.pem'), 'secret words'),
      /found no Ed25519 private key/,
    ],
  ] as const)('%s', async ([, spoil, said]) => {
    await spoil(platform);
    const opened = open(platform);
    await expect(opened).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE', message: expect.stringMatching(said) });
    await expect(opened).rejects.not.toThrow(/secret words/);
  });

  it('with a key by reference that is not there, not known, or another role’s', async () => {
    const refer = (reference: string) => platform.write(`${PLATFORM}signing: { builder: ${reference} }\n`);
    const refused = (said: RegExp, env = platform.env) =>
      expect(open({ ...platform, env })).rejects.toMatchObject({
        code: 'KEY_UNAVAILABLE',
        message: expect.stringMatching(said),
      });
    await refer('{ env: BUILDER_KEY }');
    await refused(/signing.builder: the variable BUILDER_KEY is not set/);
    await refused(/the key [0-9a-f]{16}… is not in the trust policy/, { ...platform.env, BUILDER_KEY: PEM });
    const other = await readFile(join(platform.keys.folder, 'orchestrator-1.pem'), 'utf8');
    await refused(/orchestrator-1 is a key of orchestrator/, { ...platform.env, BUILDER_KEY: other });
    await refer('{ file: ./nowhere.pem }');
    await refused(/signing.builder: .*nowhere.pem cannot be read \(ENOENT\)/);
  });

  it('with a key that it was handed and nobody knows', async () => {
    await expect(open(platform, 'builder', { handedOver: PEM })).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });
});

it('a key by reference signs, from a variable or a file beside the platform file', async () => {
  const pem = await readFile(join(platform.keys.folder, 'builder-1.pem'), 'utf8');
  await writeFile(join(platform.folder, 'own.pem'), pem);
  await rm(join(platform.keys.folder, 'builder-1.pem'));
  await platform.write(`${PLATFORM}signing: { builder: { file: ./own.pem } }\n`);
  expect(await judged(await open(platform), await reader(platform))).toBe('builder-1');
  await platform.write(`${PLATFORM}signing: { builder: { env: BUILDER_KEY } }\n`);
  const given = { ...platform, env: { ...platform.env, BUILDER_KEY: pem } };
  expect(await judged(await open(given), await reader(platform))).toBe('builder-1');
});

it('a key that is handed over signs, and nothing is looked for', async () => {
  const pem = await readFile(join(platform.keys.folder, 'builder-1.pem'), 'utf8');
  await rm(join(platform.keys.folder, 'builder-1.pem'));
  const builder = await open(platform, 'builder', { handedOver: pem });
  expect(builder.sign(PAYLOAD)).toEqual([createSigner(pem, 'builder-1').sign(PAYLOAD)]);
});

it('a reader believes nobody where no policy is', async () => {
  await rm(platform.keys.trustFile);
  const none = await reader(platform);
  expect(await none.signedSince()).toBeNull();
  expect(none.sign(PAYLOAD)).toEqual([]);
});
