import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealBlob } from '../../src/artifacts/sealed.ts';
import { DOCKER_REGISTRY, startRegistry } from '../registry/registry-process.ts';
import { openDesk, type Desk } from './desk.ts';
import { sealRejected } from './records.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await sealRejected(desk.artifacts, 1);
  const store = desk.artifacts.component('catalog');
  const about = { artifactType: 'application/vnd.slipway.test.v1', mediaType: 'text/plain' };
  await sealBlob({ store, name: 'v1', ...about, bytes: Buffer.from('a release') });
});
afterAll(() => desk.remove());

const copy = (...args: readonly string[]) => desk.run(['store', 'copy', join(desk.folder, '.slipway/store'), ...args]);

describe('slipway store copy', () => {
  test('copies everything, says on stderr how far it is, and on stdout what it did', async () => {
    const { exitCode, stdout, stderr } = await copy(join(desk.folder, 'all'), '--json');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('storefront: checked 3 of 3 names\n')]);
    const { components } = JSON.parse(stdout);
    expect(components).toMatchObject([
      { component: 'catalog', names: 1, brought: 2, present: 0 },
      { component: 'storefront', names: 3 },
    ]);
    const again = await copy(join(desk.folder, 'all'), 'catalog');
    expect(again.stdout).toBe('catalog: 1 names, all checked; 0 blobs brought (0 bytes), 2 were there\n');
  });

  test.each([
    [['storefront:v9'], 'storefront has no release v9'],
    [['Storefront'], '"Storefront" is no component’s name'.replace('’', "'")],
  ])('refuses %s: exit code 2', async (what, said) => {
    const { exitCode, stderr } = await copy(join(desk.folder, 'none'), ...what);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(said);
  });

  test('sends credentials nowhere in plain text, and takes none in an address', async () => {
    const { exitCode, stderr } = await copy('http://ada:secret@registry.example/team', 'catalog');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('that is no registry: expected http(s)://')]);
    expect(stderr).not.toContain('secret');
  });

  test('goes to a registry with the credentials that the environment names for it', async ({ skip }) => {
    if (DOCKER_REGISTRY.command === null) skip(DOCKER_REGISTRY.missing);
    const registry = await startRegistry(DOCKER_REGISTRY, { password: true });
    try {
      const refused = await copy(`${registry.url}/team`, 'catalog');
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('STORE_REFUSED')]);
      const env = { SLIPWAY_TO_USERNAME: 'slipway', SLIPWAY_TO_PASSWORD: 's3cret' };
      const args = ['store', 'copy', join(desk.folder, '.slipway/store'), `${registry.url}/team`, 'catalog:v1'];
      const { exitCode, stdout } = await desk.run(args, 'away', { env });
      expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^catalog: 1 names, all checked; 2 blobs brought/)]);
    } finally {
      await registry.stop();
    }
  });
});
