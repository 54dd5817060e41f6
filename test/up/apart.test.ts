import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
/** Nobody’s. */
const ORDINARY = 60_800;
const isRoot = process.getuid?.() === 0;

interface Said {
  readonly uid: number;
  readonly handedOver: string;
  /** Private keys, and where each was found. */
  readonly found: Readonly<Record<string, readonly string[]>>;
  readonly shown: readonly string[];
  readonly written: string;
  readonly sandboxes: Readonly<Record<string, string>>;
  /** Processes whose memory could be read. */
  readonly readMemory: readonly string[];
  /** Open files of other processes of which it could be said what they are. */
  readonly openFiles: readonly string[];
}

const bodyOf = (pem: string): string => pem.split('\n')[1] ?? '';

/** Three stand-ins for workers, kept running by the supervisor of `slipway up`, look for each other’s keys. */
async function lookFor(uid: number, apartness: 'namespaces' | null) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-apart-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const code = join(folder, 'code');
  await cp(join(ROOT, 'dist', 'src'), join(code, 'src'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(code, 'node_modules'));
  await writeFile(join(code, 'package.json'), '{ "type": "module" }');
  await cp(join(import.meta.dirname, 'fixtures'), join(folder, 'fixtures'), { recursive: true });

  const root = join(folder, 'keys');
  const own = join(root, 'shop');
  const shown = join(own, 'public');
  await mkdir(shown, { recursive: true });
  await writeFile(join(shown, 'trust.yaml'), 'keys: []\n');
  const mounted = join(folder, 'deployer.pem');
  const link = join(folder, 'link.pem');
  await symlink(mounted, link);
  const keys = { builder: join(own, 'builder-1.pem'), orchestrator: join(own, 'orchestrator-1.pem'), deployer: link };
  const pems: Record<string, string> = {};
  for (const [name, file] of Object.entries(keys)) {
    pems[name] = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(file, pems[name], { mode: 0o600 });
  }
  const inEnvironment = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const plan = join(folder, 'plan.json');
  await writeFile(plan, JSON.stringify({ hidden: { keys: root, shown, files: [mounted] }, apartness, keys }));
  spawnSync('chown', ['-R', String(uid), folder]);
  await chown(folder, uid, -1);
  await chmod(folder, 0o755);

  const user = uid === process.getuid?.() ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const [program, ...args] = [...user, process.execPath, join(folder, 'fixtures', 'keepers.mjs'), folder, plan];
  const env = { PATH: process.env['PATH'], CODE: code, KEY_IN_ENVIRONMENT: inEnvironment };
  const up = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'inherit'], cwd: folder });
  const exit = once(up, 'exit');
  try {
    const said = async (name: string): Promise<Said> => {
      const file = join(folder, `${name}.json`);
      await expect.poll(() => readFile(file, 'utf8').catch(() => null), { timeout: 30_000 }).not.toBeNull();
      return JSON.parse(await readFile(file, 'utf8')) as Said;
    };
    const all = Promise.all(Object.keys(keys).map(async (name) => [name, await said(name)] as const));
    const early = exit.then(() => Promise.reject(new Error('the keepers ended')));
    return { all: await Promise.race([all, early]), pems, inEnvironment };
  } finally {
    up.stdin.end();
    await exit;
  }
}

describe.each([
  ['root', 0],
  ['an ordinary user', isRoot ? ORDINARY : (process.getuid?.() ?? 0)],
])('the workers of slipway up, run by %s', (_, uid) => {
  test.runIf(process.platform === 'linux' && (isRoot || uid !== 0))(
    'are handed their own key, and find no other: by path, in other processes, or by undoing what hides it',
    async () => {
      const { all, pems } = await lookFor(uid, 'namespaces');
      for (const [name, { handedOver, found, readMemory, openFiles, uid: itsOwn }] of all) {
        expect([name, itsOwn, handedOver]).toEqual([name, uid, pems[name]]);
        expect([name, found, readMemory, openFiles]).toEqual([name, {}, [], []]);
      }
      for (const [name, { shown, written, sandboxes }] of all) {
        expect([name, shown, written]).toEqual([name, ['trust.yaml'], 'refused']);
        expect([name, sandboxes]).toEqual([name, { bwrap: 'works', unshare: 'works' }]);
      }
    },
  );
});

test.runIf(process.platform === 'linux')(
  'a looker finds every key, and that in an environment, where nothing is hidden',
  async () => {
    const { all, pems, inEnvironment } = await lookFor(process.getuid?.() ?? 0, null);
    const every = [...Object.values(pems), inEnvironment].map(bodyOf).toSorted();
    for (const [, { found, readMemory }] of all) {
      expect(Object.keys(found).toSorted()).toEqual(every);
      expect(readMemory).not.toEqual([]);
    }
  },
);
