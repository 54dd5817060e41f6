import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Isolation, Observation } from '../../src/runtime/driver.ts';
import { detectIsolation, works } from '../../src/runtime/local/isolation.ts';
import type { LocalRuntime } from '../../src/runtime/local/runtime.ts';
import { socketsOf } from '../../src/runtime/local/sockets.ts';
import { compileRuntime, startProcess } from './compiled.ts';
import { activation, createWorld, get, shop, until, type World } from './world.ts';

const trial = await mkdtemp(join(tmpdir(), 'slipway-isolation-'));
const here = new Set<Isolation>(['none']);
for (const kind of ['bwrap', 'unshare'] as const) if (await works(kind, trial)) here.add(kind);
afterAll(() => rm(trial, { recursive: true }));

/** Ways out of a process tree: a double fork, a session of its own, and both. */
const ESCAPES = (seconds: number) =>
  `(sleep ${seconds} &) ; (setsid sleep ${seconds} &) ; (setsid sh -c "sleep ${seconds} & wait" &)`;

function sleepers(seconds: number): number {
  const isSleeper = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && isSleeper(name)).length;
}

const run = (address: string | null, script: string) => get(address, `/run?${encodeURIComponent(script)}`);

const NOBODY = 65_534;

function worksFor(uid: number, kind: Isolation): boolean {
  const trials = {
    bwrap: ['bwrap', '--ro-bind', '/', '/', '--proc', '/proc', '--unshare-pid', 'true'],
    unshare: ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc', 'true'],
    none: ['true'],
  };
  const [command, ...args] = trials[kind] as [string, ...string[]];
  return spawnSync(command, args, { uid }).status === 0;
}

describe.each(['bwrap', 'unshare', 'none'] as const)('instances kept apart by %s', (isolation) => {
  let world: World;
  let observation: Observation;
  let runtime: LocalRuntime;
  beforeEach(async (context) => {
    if (!here.has(isolation)) return context.skip(`${isolation} does not work on this machine`);
    world = await createWorld();
    runtime = await world.start({ isolation });
    ({ observation } = await world.driver.activate(activation(shop, await world.server(1), 1)));
  });
  afterEach(() => world?.end());

  it('say so in the observation', () => {
    expect(observation.isolation).toBe(isolation);
  });

  it('end with their whole process tree', async () => {
    const seconds = 900_000 + Math.floor(Math.random() * 90_000);
    await run(observation.address, ESCAPES(seconds));
    await until(async () => sleepers(seconds) === 3);
    const { deploymentId } = await world.server(1);
    await world.driver.restore({ target: shop, deploymentId, generation: 1, to: null });
    expect(await until(async () => sleepers(seconds) === 0)).toBe(true);
  });

  it('end their tree too when they end by themselves', async () => {
    const seconds = 900_000 + Math.floor(Math.random() * 90_000);
    await run(observation.address, ESCAPES(seconds));
    await get(observation.address, '/die').catch(() => null);
    await until(async () => (await world.driver.observe(shop)).instance?.restarts === 1);
    expect(await until(async () => sleepers(seconds) === 0)).toBe(true);
  });

  it('are asked to end before they are made to', async () => {
    const source = `import { writeFileSync } from 'node:fs'; import { createServer } from 'node:http';
      process.on('SIGTERM', () => { writeFileSync(process.env.SLIPWAY_INSTANCE_DIR + '/bye', ''); process.exit(0); });
      createServer((request, response) => response.end()).listen(Number(process.env.PORT), '127.0.0.1');`;
    const polite = await world.server(2, {}, source);
    await world.driver.activate(activation(shop, polite, 2));
    const startedAt = performance.now();
    await world.driver.restore({ target: shop, deploymentId: polite.deploymentId, generation: 2, to: null });
    await until(async () => readdirSync(observation.instanceFolder).includes('bye'));
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it('write in their instance folder', async () => {
    expect((await get(observation.address, `/write?${observation.instanceFolder}/x`)).body).toBe('written');
  });

  it.skipIf(isolation === 'none')(
    'see nothing of the runtime: no state, no sockets, no artifact but their own',
    async () => {
      const { folder } = world;
      expect((await get(observation.address, `/read?${folder}/state.json`)).body).toBe('ENOENT');
      expect((await get(observation.address, `/connect?${socketsOf(folder).control}`)).body).toBe('ENOENT');
      expect((await get(observation.address, `/connect?${socketsOf(folder).observe}`)).body).toBe('ENOENT');
      const [artifact] = readdirSync(join(folder, 'artifacts'));
      const file = join(folder, 'artifacts', artifact as string, 'files', 'main.mjs');
      expect((await get(observation.address, `/read?${file}`)).body).toBe('read');
      expect((await get(observation.address, `/write?${file}`)).body).toBe('EROFS');
      expect((await get(observation.address, `/read?${dirname(dirname(file))}/manifest.json`)).body).toBe('ENOENT');
    },
  );

  it.skipIf(isolation === 'none')('cannot undo what hides the keys from them, not even as root', async () => {
    const keys = await mkdtemp(join(tmpdir(), 'slipway-hidden-'));
    const file = join(trial, 'deployer.pem');
    await writeFile(join(keys, 'builder-1.pem'), 'secret');
    await writeFile(file, 'secret');
    await runtime.close();
    await world.start({ isolation, hidden: [keys, file] });
    const { address, instanceFolder } = await until(async () => {
      const seen = await world.driver.observe(shop);
      return seen.instance === null ? null : seen;
    });
    for (const [place, path] of [
      [keys, join(keys, 'builder-1.pem')],
      [file, file],
    ]) {
      await run(address, `for n in 1 2; do umount -l ${place}; cat ${path}; done >>${instanceFolder}/seen 2>&1`);
      await run(address, `unshare -Urm sh -c 'umount -l ${place}; cat ${path}' >>${instanceFolder}/seen 2>&1`);
    }
    const seen = readFileSync(join(instanceFolder, 'seen'), 'utf8');
    expect(seen).toContain('umount');
    expect(seen).not.toContain('secret');
    await rm(keys, { recursive: true });
  });
});

it('takes the strongest kind that works', async () => {
  const strongest = (['bwrap', 'unshare', 'none'] as const).find((kind) => here.has(kind));
  expect(await detectIsolation(trial)).toBe(strongest);
});

describe.skipIf(process.getuid?.() !== 0)('for an ordinary user', () => {
  let compiled: Awaited<ReturnType<typeof compileRuntime>>;
  beforeAll(async () => {
    compiled = await compileRuntime();
  });
  afterAll(() => compiled.remove());

  it.for(['bwrap', 'unshare', 'none'] as const)(
    '%s runs, hides and ends instances all the same',
    async (kind, context) => {
      if (!worksFor(NOBODY, kind)) context.skip(`${kind} does not work here`);
      const world = await createWorld();
      await mkdir(world.instances);
      for (const folder of [dirname(world.folder), world.instances]) await chown(folder, NOBODY, NOBODY);
      const runtime = await startProcess(compiled.entry, [world.folder, world.instances, world.images, kind], {
        uid: NOBODY,
      });
      try {
        const release = await world.server(1);
        const { observation } = await world.driver.activate(activation(shop, release, 1));
        expect((await get(observation.address)).body).toBe('v1');
        const seen = kind === 'none' ? 'read' : 'ENOENT';
        expect((await get(observation.address, `/read?${world.folder}/state.json`)).body).toBe(seen);
        const seconds = 900_000 + Math.floor(Math.random() * 90_000);
        await run(observation.address, ESCAPES(seconds));
        await world.driver.restore({ target: shop, deploymentId: release.deploymentId, generation: 1, to: null });
        await until(async () => sleepers(seconds) === 0);
        expect(await runtime.end('SIGTERM')).toBe(0);
      } finally {
        runtime.child.kill('SIGKILL');
        await world.end();
      }
    },
  );
});
