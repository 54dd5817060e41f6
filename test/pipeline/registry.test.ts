import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RegistryComponentStore } from '../../src/artifacts/registry.ts';
import { DOCKER_REGISTRY, CANARY_USER, startRegistry, type RegistryProcess } from '../registry/registry-process.ts';
import { filesWith, historiesWith, holds, watchArguments } from './canary.ts';
import { openPlatform, TARGET, type OpenPlatform } from './setting.ts';

const { user: USER, password: PASSWORD } = CANARY_USER;

const platformOn = ({ url }: RegistryProcess): string => `apiVersion: slipway/v1
store: { registry: ${url}/team, username: { env: STORE_USER }, password: { env: STORE_PASSWORD } }
sources:
  - { name: shop, url: ./shop, branches: [main] }
environments:
  staging:
    soak: { for: 300ms, samples: 3 }
    rollbackWithin: 20s
`;

describe.skipIf(DOCKER_REGISTRY.command === null)('a platform whose store is a registry', () => {
  let registry: RegistryProcess;
  let platform: OpenPlatform;
  let argumentsSeen: () => Promise<string>;
  beforeAll(async () => {
    argumentsSeen = watchArguments();
    registry = await startRegistry(DOCKER_REGISTRY, { password: true });
    platform = await openPlatform({
      platform: platformOn(registry),
      variables: { STORE_USER: USER, STORE_PASSWORD: PASSWORD },
    });
  });
  afterAll(async () => {
    await platform?.close();
    await registry?.stop();
  });

  test('carries a change to its end, with all that is known of it at its image, and finds it VALID', async () => {
    const record = await platform.deploy(platform.shop.version({ text: 'from a registry' }));
    expect(record).toMatchObject({ result: 'completed', failure: null });
    expect(await platform.page()).toBe('web from a registry');
    const id = `${TARGET}/1`;
    expect(await platform.verify(id)).toMatchObject({ id, verdict: 'VALID', reason: null });
    const store = platform.artifacts.component('web') as RegistryComponentStore;
    const listed = await store.referrers(record.artifact?.digest ?? 'sha256:');
    const named = await Promise.all(
      ['evidence.staging.1.build', 'evidence.staging.1.completion', 'record.staging.1'].map((name) =>
        store.resolve(name),
      ),
    );
    for (const document of named) expect(listed).toContainEqual(document);
  });

  // That the password is what lets it in is seen above: with another, nothing would have been stored.
  test('keeps what lets it in to itself: it is not in Temporal, logs, state, the registry, or arguments', async () => {
    const { folder, client, lines } = platform;
    const credentials = [PASSWORD, Buffer.from(`${USER}:${PASSWORD}`).toString('base64')];
    const histories = await historiesWith(credentials, client);
    expect(histories).toEqual({ looked: expect.any(Number), found: [] });
    expect(histories.looked).toBeGreaterThan(0);
    expect(await filesWith(credentials, folder)).toEqual([]);
    expect(await filesWith(credentials, registry.folder)).toEqual([]);
    expect(holds(credentials, lines.join('\n') + (await argumentsSeen()))).toBe(false);
  });
});
