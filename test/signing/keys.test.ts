import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writtenKey } from '../../src/config/public-key.ts';
import { listKeys } from '../../src/signing/list.ts';
import { createMissingKeys, OVERLAP, revokeKey, rotateKey } from '../../src/signing/keys.ts';
import { keyedPlatform, PLATFORM, type KeyedPlatform } from './platform.ts';

let platform: KeyedPlatform;
beforeEach(async () => {
  platform = await keyedPlatform();
});
afterEach(() => platform.remove());

const NOW = new Date('2026-11-25T13:00:00Z');
const at = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);
const BUILDER = { role: 'builder', environment: null } as const;
const WHO = { by: 'ada', reason: 'The laptop was stolen' };

async function create({ env, load }: KeyedPlatform, now = NOW): Promise<readonly string[]> {
  return (await createMissingKeys({ loaded: await load(), env, now })).map(({ name }) => name);
}

async function list({ env, load }: KeyedPlatform, now = NOW) {
  const { keys } = await listKeys({ loaded: await load(), env, now });
  return keys.map(({ name, invalid, from, until }) => ({ name, invalid, from, until }));
}

const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('keys of the embedded default', () => {
  it('are one for each role, outside of the platform’s folder, for this user’s eyes only', async () => {
    const umask = process.umask(0o000);
    const made = await create(platform).finally(() => process.umask(umask));
    expect(made).toEqual(['orchestrator-1', 'builder-1', 'deployer-staging-1', 'deployer-production-1']);
    const { folder, shown } = platform.keys;
    expect(folder.startsWith(platform.folder)).toBe(false);
    expect([await mode(folder), await mode(shown)]).toEqual(['700', '700']);
    for (const name of made) {
      expect(await mode(join(folder, `${name}.pem`))).toBe('600');
      expect(await readFile(join(folder, `${name}.pem`), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
      expect(await readFile(join(shown, `${name}.pub`), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    }
    expect((await readdir(folder)).toSorted()).toEqual([...made.map((name) => `${name}.pem`), 'public'].toSorted());
    expect(await platform.text()).toBe(PLATFORM);
  });

  it('are made once; an environment that is added later gets its own', async () => {
    await create(platform);
    expect(await create(platform, at(1))).toEqual([]);
    await platform.write(PLATFORM.replace('production: {}', 'production: {}, canary: {}'));
    expect(await create(platform, at(2))).toEqual(['deployer-canary-1']);
    expect((await list(platform)).at(-1)).toEqual({
      name: 'deployer-canary-1',
      invalid: 'signs from 2026-11-25T13:02:00.000Z on',
      from: '2026-11-25T13:02:00.000Z',
      until: null,
    });
  });

  it('are one set when many make them at once', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => create(platform)));
    expect(made.flat()).toHaveLength(4);
    expect(await list(platform)).toHaveLength(4);
  });

  it('are a whole set after a process was killed in the middle, before and after it wrote the policy', async () => {
    await create(platform);
    const { folder, shown, trustFile } = platform.keys;
    const [builder, policy] = [join(folder, 'builder-1.pem'), await readFile(trustFile, 'utf8')];
    const pem = await readFile(builder);
    await rm(trustFile);
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    await writeFile(join(folder, 'builder-1.pem.new'), pem);
    expect(await create(platform)).toHaveLength(4);
    expect(await readFile(builder)).not.toEqual(pem);

    await writeFile(trustFile, policy);
    await writeFile(join(folder, 'builder-1.pem.new'), pem);
    await rm(builder);
    await rm(join(shown, 'builder-1.pub'));
    expect(await create(platform)).not.toContain('builder-1');
    expect(await readFile(builder)).toEqual(pem);
    expect(await readdir(shown)).toContain('builder-1.pub');
  });

  it('say where, when they cannot be made there', async () => {
    await writeFile(platform.keys.root, '');
    const said = {
      code: 'KEY_UNAVAILABLE',
      message: expect.stringContaining('name another place for keys with SLIPWAY_KEYS'),
    };
    await expect(create(platform)).rejects.toMatchObject(said);
  });

  it('are never put where hiding them would hide the platform', async () => {
    const env = { SLIPWAY_KEYS: join(platform.folder, '..') };
    const options = { loaded: await platform.load(), env, now: NOW };
    await expect(createMissingKeys(options)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('are made anew where the private half is lost; a name is never given twice', async () => {
    await create(platform);
    await rm(join(platform.keys.folder, 'builder-1.pem'));
    expect(await create(platform, at(1))).toEqual(['builder-2']);
  });
});

describe('a rotation', () => {
  it('lets the old key count a while longer, and the new one a while before: a signature may be under way', async () => {
    await create(platform);
    const { env, load } = platform;
    const rotation = await rotateKey({ loaded: await load(), env, now: at(60) }, BUILDER, 'ada');
    expect(rotation).toMatchObject({
      made: { name: 'builder-2' },
      retired: ['builder-1'],
      until: at(70).toISOString(),
    });
    const [, old, , , fresh] = await list(platform, at(61));
    expect(old).toMatchObject({ name: 'builder-1', invalid: null, until: at(70).toISOString() });
    expect(fresh).toMatchObject({
      name: 'builder-2',
      invalid: null,
      from: new Date(at(60).getTime() - OVERLAP).toISOString(),
    });
    expect((await list(platform, at(70)))[1]).toMatchObject({ invalid: `signed until ${at(70).toISOString()}` });
  });

  it('never has the new key count before the old one began', async () => {
    await create(platform);
    const { env, load } = platform;
    await rotateKey({ loaded: await load(), env, now: at(1) }, BUILDER, 'ada');
    expect((await list(platform, at(1))).at(-1)).toMatchObject({ name: 'builder-2', from: NOW.toISOString() });
  });
});

describe('a revocation', () => {
  it('says who and why, and that nobody is left to sign; the next create makes another', async () => {
    await create(platform);
    const { env, load } = platform;
    const options = { loaded: await load(), env, now: at(60) };
    const from = at(30).toISOString();
    expect(await revokeKey(options, 'builder-1', { ...WHO, from })).toEqual({
      name: 'builder-1',
      from,
      without: [BUILDER],
    });
    expect((await listKeys(options)).keys[1]).toMatchObject({ revoked: from, revokedBy: 'ada', reason: WHO.reason });
    expect(await create(platform, at(60))).toEqual(['builder-2']);
  });

  it('may be made to begin earlier, never later, and not before the key', async () => {
    await create(platform);
    const { env, load } = platform;
    const revoke = async (minutes: number, name = 'builder-1') =>
      revokeKey({ loaded: await load(), env, now: at(60) }, name, { ...WHO, from: at(minutes).toISOString() });
    await revoke(30);
    await revoke(20);
    await expect(revoke(25)).rejects.toMatchObject({
      code: 'ACT_REFUSED',
      message: expect.stringContaining('earlier'),
    });
    await expect(revoke(-1)).rejects.toMatchObject({ code: 'ACT_REFUSED' });
    await expect(revoke(20, 'nobody')).rejects.toMatchObject({ code: 'ACT_REFUSED' });
  });
});

describe('where platform.yaml says whose signatures count', () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const WITH_TRUST = `# The shop's.
apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]   # one
trust:            # ours
  keys:
    - { name: hsm, role: builder, key: ${writtenKey(publicKey)}, from: 2026-11-01T00:00:00Z }   # in the safe
environments: {staging: {}}
`;

  it('that file is edited, and everything else in it stays as it was', async () => {
    await platform.write(WITH_TRUST);
    expect(await create(platform)).toEqual(['orchestrator-1', 'builder-1', 'deployer-staging-1']);
    const lines = (await platform.text()).split('\n');
    const fresh = lines.filter((line) => !WITH_TRUST.includes(line));
    expect(lines.filter((line) => WITH_TRUST.includes(line)).join('\n')).toBe(WITH_TRUST);
    expect(fresh[0]).toBe('    - name: orchestrator-1');
    expect(await readdir(platform.keys.shown)).not.toContain('trust.yaml');
    expect((await list(platform)).map(({ name }) => name)).toEqual([
      'hsm',
      'orchestrator-1',
      'builder-1',
      'deployer-staging-1',
    ]);
  });

  it('a key that `signing` finds elsewhere is not missing', async () => {
    await platform.write(`${WITH_TRUST}signing: { builder: { env: BUILDER_KEY } }\n`);
    expect(await create(platform)).toEqual(['orchestrator-1', 'deployer-staging-1']);
  });

  it('its mode stays, and a link to it stays a link', async () => {
    const real = join(platform.folder, 'real.yaml');
    await writeFile(real, WITH_TRUST, { mode: 0o640 });
    await rm(platform.file);
    await symlink(real, platform.file);
    await create(platform);
    expect([await mode(real), (await readFile(real, 'utf8')).includes('builder-1')]).toEqual(['640', true]);
    expect(await readdir(platform.folder)).toEqual(['.slipway', 'platform.yaml', 'real.yaml']);
  });

  it('one that is broken is said to be, before any key is made', async () => {
    const loaded = await platform.load();
    await platform.write(WITH_TRUST.replace('role: builder', 'role: baker'));
    await expect(createMissingKeys({ loaded, env: platform.env, now: NOW })).rejects.toMatchObject({
      code: 'FILE_INVALID',
    });
    expect(await readdir(platform.keys.root).catch(() => [])).toEqual([]);
  });
});
