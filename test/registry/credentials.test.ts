import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sealBlob } from '../../src/artifacts/sealed.ts';
import { digestOf } from '../../src/digest-of.ts';
import { createAuthorization } from '../../src/registry/authorization.ts';
import { parseChallenges } from '../../src/registry/challenge.ts';
import { scratchFolder } from '../artifacts/scratch.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from './registry-process.ts';
import { newComponent, registryStore, scratchProxy } from './scratch.ts';
import { startStandIn } from './stand-in.ts';

const SMALL = Buffer.from('a document, or a config');
const BASIC = { username: 'slipway', password: 's3cret' };
const ABOUT = { artifactType: 'application/vnd.slipway.test.v1+json', mediaType: 'text/plain' } as const;

const withBasic = (password = BASIC.password) => ({ credentials: async () => ({ ...BASIC, password }) });

describe.skipIf(DOCKER_REGISTRY.command === null)('credentials', () => {
  let registry: RegistryProcess;
  beforeAll(async () => {
    registry = await startRegistry(DOCKER_REGISTRY, { password: true });
  });
  afterAll(() => registry?.stop());

  it('are shown to a registry once it asks for them, and let us in', async () => {
    const proxy = await scratchProxy(registry.url);
    const store = registryStore(proxy.url, newComponent(), withBasic());
    await store.putBlob(SMALL);
    await sealBlob({ store, name: 'v1', ...ABOUT, bytes: SMALL });
    expect((await store.getBlob(digestOf(SMALL))).toString()).toBe(SMALL.toString());
    const [asked, again, ...later] = proxy.seen.map(({ authorization }) => authorization);
    expect(asked).toBeUndefined();
    const basic = `Basic ${Buffer.from('slipway:s3cret').toString('base64')}`;
    expect(new Set([again, ...later])).toEqual(new Set([basic]));
  });

  it('that are missing or wrong are a refusal, which does not repeat them', async () => {
    for (const more of [{}, withBasic('guessed')]) {
      const work = registryStore(registry.url, newComponent(), more).putBlob(SMALL);
      const error = (await work.catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'STORE_REFUSED', fault: 'platform' });
      expect(error.message).toContain('answered with 401');
      expect(error.message).not.toContain('guessed');
    }
  });

  it('that were renewed are found at the next question', async () => {
    let password = 'old';
    const credentials = async () => ({ ...BASIC, password });
    const store = registryStore(registry.url, newComponent(), { credentials });
    await expect(store.putBlob(SMALL)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    ({ password } = BASIC);
    await store.putBlob(SMALL);
  });

  it('follow no redirect to another host, and are there for one on the same', async () => {
    const component = newComponent();
    const proxy = await scratchProxy(registry.url);
    const store = registryStore(proxy.url, component, withBasic());
    await store.putBlob(SMALL);
    // Somewhere else, where blobs lie for everybody who has their address, as behind many registries.
    const open = await startRegistry(DOCKER_REGISTRY);
    onTestFinished(() => open.stop());
    await registryStore(open.url, component).putBlob(SMALL);
    const elsewhere = await scratchProxy(open.url);
    for (const [target, shown] of [
      [elsewhere, undefined],
      [proxy, expect.stringMatching(/^Basic /)],
    ] as const) {
      let redirected = false;
      proxy.fault = ({ method, path }) => {
        if (method !== 'GET' || !path.includes('/blobs/') || redirected) return null;
        redirected = true;
        return { status: 307, headers: { location: `${target.url}${path}?key=in-the-address` } };
      };
      target.seen.length = 0;
      expect(await buffer(await store.openBlob(digestOf(SMALL)))).toEqual(SMALL);
      expect(target.seen.at(-1)).toMatchObject({ path: expect.stringContaining('?key=in-the-address') });
      expect(target.seen.at(-1)?.authorization).toEqual(shown);
    }
  });

  it('are not sent with an upload that is told to go on at another host', async () => {
    const proxy = await scratchProxy(registry.url);
    const elsewhere = await scratchProxy(registry.url);
    proxy.fault = ({ method }) =>
      method === 'POST' ? { status: 202, headers: { location: `${elsewhere.url}/v2/x/blobs/uploads/1?key=1` } } : null;
    const store = registryStore(proxy.url, newComponent(), withBasic());
    const error = (await store.putBlob(SMALL).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'STORE_REFUSED' });
    expect(error.message).not.toContain('key=1');
    expect(elsewhere.seen.length).toBeGreaterThan(0);
    expect(elsewhere.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('are not sent for a token to another host in plain text, nor in circles', async () => {
    const proxy = await scratchProxy(registry.url);
    const store = registryStore(proxy.url, newComponent(), withBasic());
    proxy.fault = () => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="http://tokens.example/token",service="x"' },
    });
    await expect(store.putBlob(SMALL)).rejects.toThrow(/sends us to another place for a token.*nothing was sent there/);
    proxy.fault = ({ path }) => ({ status: 307, headers: { location: path } });
    await expect(store.getBlob(digestOf(SMALL))).rejects.toThrow(/redirects us more than 5 times/);
    proxy.fault = () => ({ status: 307, headers: { location: 'ftp://files.example/x' } });
    await expect(store.getBlob(digestOf(SMALL))).rejects.toThrow(/sends us to no address that we go to/);
  });
});

describe('a token service', () => {
  it('gives a token for our credentials, and none for others', async () => {
    const { url, close } = await startStandIn({ bearer: { ...BASIC, token: 'a-token' } });
    onTestFinished(close);
    const proxy = await scratchProxy(url);
    const store = registryStore(proxy.url, newComponent(), withBasic());
    await store.putBlob(SMALL);
    expect(await store.getBlob(digestOf(SMALL))).toEqual(SMALL);
    expect(proxy.seen.at(-1)?.authorization).toBe('Bearer a-token');
    const stranger = registryStore(url, newComponent(), withBasic('guessed'));
    await expect(stranger.putBlob(SMALL)).rejects.toThrow(
      /the token service of .* is answered with 401; give credentials/,
    );
    const token = registryStore(url, newComponent(), { credentials: async () => ({ token: 'a-token' }) });
    await token.putBlob(SMALL);
  });

  it('is asked again once a token is about to end', async () => {
    let [clock, given] = [0, 0];
    const authorization = createAuthorization(
      'https://registry.example',
      async () => BASIC,
      async () => ({ token: `token-${(given += 1)}`, expires_in: 100 }),
      () => clock,
    );
    const scope = { repository: 'web', writes: false };
    const challenge = 'Bearer realm="https://tokens.example/",service="registry"';
    expect(await authorization.answer(challenge, scope)).toBe('Bearer token-1');
    clock = 89_000;
    expect(authorization.header(scope)).toBe('Bearer token-1');
    expect(authorization.header({ ...scope, writes: true })).toBeUndefined();
    clock = 91_000;
    expect(authorization.header(scope)).toBeUndefined();
  });
});

describe('a challenge', () => {
  it.each([
    ['Basic realm="a, b"', [{ scheme: 'basic', parameters: { realm: 'a, b' } }]],
    [
      'Bearer realm="https://t/?a=b",service=s,scope="repository:a:pull,push", Basic realm="\\"x\\""',
      [
        { scheme: 'bearer', parameters: { realm: 'https://t/?a=b', service: 's', scope: 'repository:a:pull,push' } },
        { scheme: 'basic', parameters: { realm: '"x"' } },
      ],
    ],
    ['', []],
    ['realm="nobody’s"', []],
  ])('is read: %s', (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });
});

describe.skipIf(DOCKER_REGISTRY.command === null)('a registry with a certificate of its own', () => {
  it('is believed by the authority that is named, and by nobody else', async ({ skip }) => {
    const folder = await scratchFolder();
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=registry', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
    try {
      execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
    } catch {
      skip('openssl is not installed here');
    }
    const registry = await startRegistry(DOCKER_REGISTRY, { tls: { certificate, key } });
    onTestFinished(() => registry.stop());
    const ca = readFileSync(certificate, 'utf8');
    await registryStore(registry.url, newComponent(), { ca }).putBlob(SMALL);
    const work = registryStore(registry.url, newComponent()).putBlob(SMALL);
    await expect(work).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await expect(work).rejects.toThrow(/its certificate is not believed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  });
});
