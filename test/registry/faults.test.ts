import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RegistryComponentStore, RegistryStoreOptions } from '../../src/artifacts/registry.ts';
import { sealBlob } from '../../src/artifacts/sealed.ts';
import { codeOf, SlipwayError } from '../../src/contract/failure.ts';
import { digestOf } from '../../src/digest-of.ts';
import { DISTRIBUTION, DOCKER_REGISTRY, startRegistry, type RegistryProcess } from './registry-process.ts';
import type { Fault, Proxy, Seen } from './proxy.ts';
import { HURRY, IMPATIENT, newComponent, registryStore, scratchProxy, wholeStore } from './scratch.ts';

const ABOUT = { artifactType: 'application/vnd.slipway.test.v1+json', mediaType: 'text/plain' } as const;
/** More than goes up in one piece. */
const LARGE = randomBytes(9 * 2 ** 20);
const SMALL = Buffer.from('a document, or a config');

/** Who says no, and how: `CODE message`. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  expect(error instanceof SlipwayError ? error.fault : error).not.toBe('caller');
  return `${codeOf(error)} ${(error as Error).message}`;
}

const isUpload = ({ method }: Seen): boolean => method === 'PATCH' || method === 'PUT';
const readsBlob = ({ method, path }: Seen): boolean => method === 'GET' && path.includes('/blobs/');

/** Strikes the first so many requests of a kind. */
function first(count: number, kind: (seen: Seen) => boolean, fault: Fault): Proxy['fault'] {
  let left = count;
  return (seen) => {
    if (left === 0 || !kind(seen)) return null;
    left -= 1;
    return fault;
  };
}

/** A store behind a proxy, and a way round it. */
async function sceneBefore({ url }: RegistryProcess, more: Partial<RegistryStoreOptions> = {}) {
  const proxy = await scratchProxy(url);
  const component = newComponent();
  return { proxy, store: registryStore(proxy.url, component, more), direct: registryStore(url, component) };
}

async function expectBrought(store: RegistryComponentStore, bytes: Buffer): Promise<void> {
  expect(digestOf(await store.getBlob(digestOf(bytes)))).toBe(digestOf(bytes));
}

describe.each([DOCKER_REGISTRY, DISTRIBUTION])('before $name, a network', (program) => {
  const skip = program.command === null;
  let registry: RegistryProcess;
  beforeAll(async () => {
    if (!skip) registry = await startRegistry(program);
  });
  afterAll(() => registry?.stop());

  it.skipIf(skip)('that cuts a large upload: it goes on, or is begun again', async () => {
    const { proxy, store, direct } = await sceneBefore(registry);
    proxy.fault = first(1, ({ method }) => method === 'PATCH', { cutRequestAfter: 6_000_000 });
    await store.putStream(Readable.from([LARGE]));
    await expectBrought(direct, LARGE);
    const [cut, again] = proxy.seen.filter(({ method }) => method === 'PATCH');
    expect(cut?.bytes).toBeLessThan(LARGE.byteLength);
    const goesOn = again !== undefined && again.bytes < LARGE.byteLength;
    expect(goesOn).toBe(program === DISTRIBUTION);
  });

  it.skipIf(skip)('that cuts a download: it goes on where it was', async () => {
    const { proxy, store, direct } = await sceneBefore(registry);
    await direct.putStream(Readable.from([LARGE]));
    proxy.fault = first(2, readsBlob, { cutAnswerAfter: 4_000_000 });
    const read = await buffer(await store.openBlob(digestOf(LARGE)));
    expect(digestOf(read)).toBe(digestOf(LARGE));
    const ranges = proxy.seen.filter(readsBlob).map(({ range }) => range);
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBeUndefined();
    expect(ranges[2]).toMatch(/^bytes=\d{7}-$/);
  });
});

describe.skipIf(DOCKER_REGISTRY.command === null)('before a registry, a network', () => {
  let registry: RegistryProcess;
  beforeAll(async () => {
    registry = await startRegistry(DOCKER_REGISTRY);
  });
  afterAll(() => registry?.stop());

  const scene = (more: Partial<RegistryStoreOptions> = {}) => sceneBefore(registry, more);

  // oxlint-disable-next-line vitest/expect-expect -- expectBrought does
  it.each<[string, (seen: Seen) => boolean, Fault]>([
    ['cuts a small upload', isUpload, { cutRequestAfter: 5 }],
    ['loses the answer to the end of an upload', ({ method }) => method === 'PUT', { loseAnswer: true }],
    ['does not answer', () => true, { hang: true }],
    ['answers 503', () => true, { status: 503 }],
    ['answers 429', () => true, { status: 429, headers: { 'retry-after': '0' } }],
    ['answers 500 to an upload', isUpload, { status: 500 }],
    ['says that the upload is unknown', isUpload, { status: 404 }],
    ['says that these are not the bytes', isUpload, { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' }],
  ])('that %s, twice: the blob is brought all the same', async (_, kind, fault) => {
    for (const bytes of [SMALL, Buffer.concat([LARGE.subarray(0, 4_300_000), randomBytes(8)])]) {
      const { proxy, store, direct } = await scene('hang' in fault ? { patience: IMPATIENT } : {});
      proxy.fault = first(2, kind, fault);
      await store.putStream(Readable.from([bytes]));
      await expectBrought(direct, bytes);
    }
  });

  it('that hangs in a download: it goes on where it was', async () => {
    const { proxy, store, direct } = await scene({ patience: IMPATIENT });
    await direct.putStream(Readable.from([LARGE]));
    proxy.fault = first(1, readsBlob, { hangAfter: 4_000_000 });
    expect(digestOf(await buffer(await store.openBlob(digestOf(LARGE))))).toBe(digestOf(LARGE));
  });

  it('that loses the answer to a claim: who gave the name knows that it was he', async () => {
    const { proxy, store } = await scene();
    proxy.fault = first(1, ({ method, path }) => method === 'PUT' && path.includes('/manifests/'), {
      loseAnswer: true,
    });
    const sealed = await sealBlob({ store, name: 'record.staging.1', ...ABOUT, bytes: SMALL });
    expect(sealed).toEqual({ digest: digestOf(SMALL), won: true });
  });

  it('that changes a bit: the bytes are refused, and nobody is told that they are good', async () => {
    const { proxy, store, direct } = await scene();
    await direct.putStream(Readable.from([LARGE]));
    await sealBlob({ store: direct, name: 'v1', ...ABOUT, bytes: SMALL });
    proxy.fault = (seen) => (readsBlob(seen) ? { flip: true } : null);
    expect(await refusal(store.getBlob(digestOf(LARGE)))).toMatch(/^ARTIFACT_CORRUPT .*bytes that hash to sha256:/);
    expect(await refusal(store.openBlob(digestOf(LARGE)).then(buffer))).toMatch(/^ARTIFACT_CORRUPT /);
    proxy.fault = () => ({ flip: true });
    expect(await refusal(store.resolve('v1'))).toMatch(/^ARTIFACT_CORRUPT /);
  });

  it('that answers another digest to an upload: it is not believed', async () => {
    const { proxy, store } = await scene();
    const answerHeaders = { 'docker-content-digest': `sha256:${'1'.repeat(64)}` };
    proxy.fault = ({ method, path }) => (method === 'PUT' && path.includes('/blobs/') ? { answerHeaders } : null);
    expect(await refusal(store.putBlob(SMALL))).toMatch(/^STORE_UNAVAILABLE .*bytes that hash to sha256:1{64}/);
  });

  it.each<[string, Fault, RegExp]>([
    ['503', { status: 503 }, /^STORE_UNAVAILABLE .*answered with 503; .*asked again$/],
    ['nothing', { hang: true }, /^STORE_UNAVAILABLE .*does not go on in time/],
    ['507', { status: 507 }, /^STORE_UNAVAILABLE .*507; free some space there, or raise the quota; it is asked again$/],
    [
      '401',
      { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
      /^STORE_REFUSED http:\S+\/team\/web-\S+: .*401; give credentials that may pull and push there: store\.username/,
    ],
    [
      '403',
      { status: 403, body: '{"errors":[{"code":"DENIED","message":"not\\u001b[31m yours"}]}' },
      /^STORE_REFUSED .*403(?: \(DENIED: not \[31m yours\))?; give credentials/,
    ],
    ['413', { status: 413 }, /^STORE_REFUSED .*take bodies of that size$/],
  ])('behind which everything is answered with %s: it is ours, and says what to do', async (_, fault, said) => {
    const { proxy, store } = await scene({ patience: { ...IMPATIENT, tries: 2 } });
    proxy.fault = () => fault;
    const works = [
      () => store.putBlob(SMALL),
      () => store.getBlob(digestOf(SMALL)),
      () => store.resolve('v1'),
      () => store.names(''),
    ];
    for (const work of works) {
      expect(await refusal(work())).toMatch(said);
    }
  });

  it('that has no registry in it: it is unavailable', async () => {
    const { proxy, store } = await scene({ patience: { ...HURRY, tries: 2 } });
    await proxy.close();
    expect(await refusal(store.putBlob(SMALL))).toMatch(
      /^STORE_UNAVAILABLE .*no answer, or half of one \(ECONNREFUSED\)/,
    );
  });

  it('does not list its repositories: it says so, and what else works', async () => {
    const component = newComponent();
    const proxy = await scratchProxy(registry.url);
    const store = wholeStore(proxy.url);
    await sealBlob({ store: store.component(component), name: 'v1', ...ABOUT, bytes: SMALL });
    expect(await store.components()).toContain(component);
    proxy.fault = ({ path }) => (path.startsWith('/v2/_catalog') ? { status: 401 } : null);
    expect(await refusal(store.components())).toMatch(
      /^STORE_REFUSED .*does not say which components it has.*name the target/,
    );
    expect(await store.component(component).names('')).toEqual(['v1']);
  });
});
