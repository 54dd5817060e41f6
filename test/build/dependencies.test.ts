import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi, onTestFinished } from 'vitest';
import { buildTwice, type BuiltOutput } from '../../src/build/build.ts';
import { fetchDependencies } from '../../src/build/dependencies/fetch.ts';
import type { Dependencies } from '../../src/build/dependencies/manager.ts';
import { networkIn } from '../../src/build/dependencies/network.ts';
import type { Limits, Sandbox } from '../../src/build/sandbox.ts';
import { digestOf } from '../../src/digest-of.ts';
import type { SourceFile } from '../../src/source/repository.ts';
import { parsePlatform } from '../../src/config/load.ts';
import { describeUnderEach, file, LIMITS, SANDBOXES, scratchFolder } from './checkout.ts';
import { lockedComponent, openRegistry, type NpmRegistry } from './npm-registry.ts';

const ROOMY: Limits = { ...LIMITS, processes: 512, output: 64 * 2 ** 20 };
const GREETING = {
  name: 'greeting',
  files: { 'index.js': "module.exports = () => 'good ' + require('@kiln/morning')" },
  dependencies: { '@kiln/morning': '1.0.0' },
  scripts: { postinstall: 'echo ran >/tmp/ran; echo ran >ran' },
  bin: 'greet.js',
};
const MORNING = { name: '@kiln/morning', files: { 'index.js': "module.exports = 'morning'" } };
const code = (expected: string) => expect.objectContaining({ code: expected });

interface Setting {
  readonly sandbox: Sandbox;
  readonly registry: NpmRegistry;
  readonly scratch: string;
  readonly signal?: AbortSignal;
}

async function fetchFor(
  { sandbox, registry, scratch, signal }: Setting,
  files: readonly SourceFile[],
  limits: Limits = ROOMY,
): Promise<Dependencies> {
  const text = `apiVersion: slipway/v1\nsources: [{ name: shop, url: x }]\nbuild: { npm: { registry: '${registry.address}' } }\nenvironments: {}\n`;
  const { build } = parsePlatform(Buffer.from(text));
  const request = { files, folder: 'shop', caches: join(scratch, 'caches'), sandbox, limits, signal };
  const fetched = await fetchDependencies('npm', { build, network: networkIn(process.env) }, request);
  if (fetched === null) throw new Error('nothing was fetched');
  return fetched;
}

function buildWith(
  { sandbox, scratch }: Setting,
  files: readonly SourceFile[],
  { inside }: Dependencies,
  script = 'mkdir dist && cp -rL node_modules dist && node -p "require(\'greeting\')()" >dist/greeting',
): Promise<BuiltOutput> {
  return buildTwice({
    files,
    folder: 'shop',
    build: { command: ['sh', '-c', script], output: 'dist', inputs: [], dependencies: 'npm' },
    sourceDateEpoch: 1_790_000_000,
    limits: ROOMY,
    sandbox,
    scratch,
    dependencies: inside,
  });
}

const greetingOf = (registry: NpmRegistry, more: readonly SourceFile[] = []) =>
  lockedComponent(
    ['greeting'],
    {
      'node_modules/greeting': {
        ...registry.entry('greeting'),
        hasInstallScript: true,
        dependencies: GREETING.dependencies,
      },
      'node_modules/@kiln/morning': registry.entry('@kiln/morning'),
    },
    more,
  );

describeUnderEach('a build with dependencies', (sandbox) => {
  test('has the packages of its lock file without network, whatever its own .npmrc says; no script of theirs has run', async () => {
    vi.stubEnv('NPM_TOKEN', 'canary-51b2');
    onTestFinished(() => void vi.unstubAllEnvs());
    const registry = await openRegistry([GREETING, MORNING]);
    const setting = { sandbox, registry, scratch: await scratchFolder() };
    const files = greetingOf(registry, [
      file('shop/.npmrc', 'registry=http://127.0.0.1:9/\n//127.0.0.1/:_authToken=x\n'),
    ]);
    const dependencies = await fetchFor(setting, files);
    const lock = files[1]?.content ?? Buffer.of();
    expect(dependencies.fetched).toEqual({
      manager: expect.stringMatching(/^npm \d+\.\d+\.\d+$/),
      lock: { path: 'shop/package-lock.json', digest: digestOf(lock) },
      packages: 2,
    });
    expect(registry.heard()).not.toMatch(/canary|authToken|authorization/i);
    const asked = registry.asked.length;
    registry.answer(/./, (response) => response.writeHead(500).end());

    const { folder, builds } = await buildWith(setting, files, dependencies);
    expect(await readFile(join(folder, 'greeting'), 'utf8')).toBe('good morning\n');
    expect((await readdir(join(folder, 'node_modules/greeting'))).toSorted()).toEqual(['index.js', 'package.json']);
    expect(builds[0]).toEqual(builds[1]);
    expect(registry.asked).toHaveLength(asked);
  });
});

const strongest = Object.values(SANDBOXES).find((sandbox) => typeof sandbox !== 'string') as Sandbox;

describe('fetching', () => {
  async function open(): Promise<Setting> {
    return { sandbox: strongest, registry: await openRegistry([GREETING, MORNING]), scratch: await scratchFolder() };
  }
  const morning = (entry: object) => lockedComponent(['@kiln/morning'], { 'node_modules/@kiln/morning': entry });

  test('takes a lock file without addresses, and one for npm’s own registry, to the platform’s', async () => {
    const setting = await open();
    const { version, integrity } = setting.registry.entry('@kiln/morning');
    const resolved = 'https://registry.npmjs.org/@kiln/morning/-/morning-1.0.0.tgz';
    await fetchFor(setting, morning({ version, integrity, resolved }));
    expect(setting.registry.asked).toContain('/@kiln/morning/-/morning-1.0.0.tgz');
    const files = morning({ version, integrity });
    const fetched = await fetchFor(setting, files);
    const { folder } = await buildWith(
      setting,
      files,
      fetched,
      'mkdir dist && cp node_modules/@kiln/morning/*.js dist',
    );
    expect(await readdir(folder)).toEqual(['index.js']);
  });

  test('is done once for a lock file, and forgotten when it was not used for a month; a cache that was tampered with is noticed, and given up', async () => {
    const setting = await open();
    const files = morning(setting.registry.entry('@kiln/morning'));
    await mkdir(join(setting.scratch, 'caches/npm-unused'), { recursive: true });
    await utimes(join(setting.scratch, 'caches/npm-unused'), 0, Date.now() / 1000 - 31 * 24 * 3600);
    await fetchFor(setting, files);
    const asked = setting.registry.asked.length;
    expect(await readdir(join(setting.scratch, 'caches'))).toEqual([expect.stringMatching(/^npm-[0-9a-f]{64}$/)]);
    const dependencies = await fetchFor(setting, files);
    expect(setting.registry.asked).toHaveLength(asked);

    for (const content of await contentsOf(dependencies.inside.share.from)) await writeFile(content, 'other bytes');
    const building = buildWith(setting, files, dependencies, 'mkdir dist && touch dist/x');
    await expect(building).rejects.toThrow(code('DEPENDENCIES_UNAVAILABLE'));
    await fetchFor(setting, files);
    expect(setting.registry.asked.length).toBeGreaterThan(asked);
  });

  test('leaves nothing behind when it fails', async () => {
    const setting = await open();
    setting.registry.answer(/tgz$/, (response) => response.end('a tarball of somebody else’s'));
    const fetching = fetchFor(setting, morning(setting.registry.entry('@kiln/morning')));
    await expect(fetching).rejects.toThrow(code('DEPENDENCIES_INVALID'));
    await expect(fetching).rejects.toThrow(/shop\/package-lock\.json.*EINTEGRITY/s);
    expect(await readdir(join(setting.scratch, 'caches'))).toEqual([]);
  });

  test('of a package that the registry does not have is DEPENDENCIES_INVALID', async () => {
    const setting = await open();
    const files = lockedComponent(['nowhere'], {
      'node_modules/nowhere': {
        ...setting.registry.entry('greeting'),
        resolved: `${setting.registry.address}nowhere/-/nowhere-1.0.0.tgz`,
      },
    });
    const fetching = fetchFor(setting, files);
    await expect(fetching).rejects.toThrow(code('DEPENDENCIES_INVALID'));
    await expect(fetching).rejects.toThrow(/E404.*nowhere/s);
  });

  test('by a lock file that package.json does not agree with is DEPENDENCIES_INVALID', async () => {
    const setting = await open();
    const [, lock] = morning(setting.registry.entry('@kiln/morning'));
    const [other] = lockedComponent(['greeting'], {});
    if (lock === undefined || other === undefined) throw new Error('no files');
    const fetching = fetchFor(setting, [other, lock]);
    await expect(fetching).rejects.toThrow(code('DEPENDENCIES_INVALID'));
    await expect(fetching).rejects.toThrow(/EUSAGE.*greeting@1\.0\.0.*npm install --package-lock-only/s);
  });

  test('of a package that brings others along, by a lock file of its own, is DEPENDENCIES_INVALID', async () => {
    const shrinkwrap = {
      name: 'greeting',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'greeting', version: '1.0.0', dependencies: GREETING.dependencies },
        'node_modules/@kiln/morning': { version: '1.0.0' },
      },
    };
    const registry = await openRegistry([
      { ...GREETING, files: { 'npm-shrinkwrap.json': JSON.stringify(shrinkwrap) } },
      MORNING,
    ]);
    const setting = { ...(await open()), registry };
    const files = lockedComponent(['greeting'], {
      'node_modules/greeting': { ...registry.entry('greeting'), hasShrinkwrap: true },
    });
    const fetching = fetchFor(setting, files);
    await expect(fetching).rejects.toThrow(code('DEPENDENCIES_INVALID'));
    await expect(fetching).rejects.toThrow('it does not name');
  });

  test.each([
    ['answers 500', (registry: NpmRegistry) => registry.answer(/./, (response) => response.writeHead(500).end())],
    ['hangs', (registry: NpmRegistry) => registry.answer(/./, () => {})],
  ])('from a registry that %s is DEPENDENCIES_UNAVAILABLE: never the change’s fault', async (_, fall) => {
    const setting = await open();
    fall(setting.registry);
    const fetching = fetchFor(setting, morning(setting.registry.entry('@kiln/morning')), { ...ROOMY, timeout: 1_500 });
    await expect(fetching).rejects.toThrow(
      expect.objectContaining({ code: 'DEPENDENCIES_UNAVAILABLE', fault: 'platform' }),
    );
  });

  test('that is aborted ends with the reason of the abort', async () => {
    const setting = await open();
    const aborter = new AbortController();
    setting.registry.answer(/./, () => aborter.abort(new Error('a person said so')));
    const files = morning(setting.registry.entry('@kiln/morning'));
    const fetching = fetchFor({ ...setting, signal: aborter.signal }, files);
    await expect(fetching).rejects.toThrow('a person said so');
  });
});

async function contentsOf(cache: string): Promise<readonly string[]> {
  const found = await readdir(join(cache, '_cacache/content-v2'), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
