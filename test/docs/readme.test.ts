import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fences, page, ROOT } from './fences.ts';

const README = page('README.md');

/** Ends what a broken run would leave behind; a good one has nothing left. */
const CLEAN_UP = `trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT`;

let scratch: string;
let reader: ChildProcess | undefined;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slipway-readme-'));
});

afterAll(async () => {
  if (reader?.pid !== undefined && reader.exitCode === null) process.kill(-reader.pid);
  await rm(scratch, { recursive: true, force: true });
});

describe('the README', () => {
  test('leads from a clone and an empty folder to a first deployment, word by word, and leaves nothing running', async () => {
    const clone = join(scratch, 'clone');
    const empty = join(scratch, 'empty');
    await copyTree(clone);
    await mkdir(empty);
    const install = fences(README, 'sh install');
    const deployment = fences(README, 'sh first-deployment');
    expect([install.length, deployment.length]).toEqual([1, 6]);

    const script = [CLEAN_UP, `cd '${clone}'`, ...install, `cd '${empty}'`, ...deployment].join('\n');
    const { exitCode, stdout, stderr } = await bash(script);

    expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toContain('pass: carries CHG-1');
    expect(stdout).toMatch(/^staging\/hello\/1 {2}CHG-1: Say hello\n.* {2}completed$/ms);
    expect(stdout).toContain('Hello from Slipway');
    expect(stdout).toMatch(/^staging\/hello\/1 {2}completed {2}CHG-1 /m);
    expect(stdout).toContain('VALID staging/hello/1');
    expect(await processesIn(scratch)).toEqual([]);
  }, 400_000);

  test('names files and folders that exist', () => {
    const links = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
    const layout = fences(README, '')[0] ?? '';
    const folders = [...layout.matchAll(/^([a-z]+\/) /gm)].map(([, folder = '']) => folder);
    const missing = [...links.filter((link) => !link.startsWith('https:')), ...folders].filter(
      (path) => !existsSync(join(ROOT, path)),
    );
    expect(folders.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });

  test('names the test command that CI runs', () => {
    const [commands = ''] = fences(README, 'sh');
    const named = /^npm ci && (npm test) +#.* N passed, N failed$/m.exec(commands)?.[1] ?? 'none';
    expect(page('.ci/run')).toMatch(new RegExp(`^npm ci .*^${named} `, 'ms'));
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(page('package.json')) as { scripts: Record<string, string> };
    const named = [...README.matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => name);
    expect(named).toContain('demo');
    expect([...named, 'test'].filter((name) => !(name in scripts))).toEqual([]);
  });
});

/** The files of this working tree as a clone of it would have them. */
async function copyTree(clone: string): Promise<void> {
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT });
  const files = listed.stdout.toString('utf8').split('\0');
  for (const file of files.filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    await mkdir(dirname(join(clone, file)), { recursive: true });
    await copyFile(join(ROOT, file), join(clone, file));
  }
}

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script as a reader would, who stops at the first command that fails, with a home of his own. */
async function bash(script: string): Promise<Ended> {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
    env: readersEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  reader = child;
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...output };
}

/** Nothing of this test run's own, but for what has been downloaded already. */
function readersEnvironment(): NodeJS.ProcessEnv {
  const { PATH, LANG, XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env;
  return {
    PATH,
    ...(LANG !== undefined && { LANG }),
    HOME: join(scratch, 'home'),
    XDG_CACHE_HOME,
    npm_config_cache: join(homedir(), '.npm'),
    npm_config_userconfig: join(homedir(), '.npmrc'),
    npm_config_prefer_offline: 'true',
  };
}

/** Command lines of the processes that work in a folder, or were started from it. */
async function processesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const commandLine = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (cwd.startsWith(folder) || commandLine.includes(folder)) found.push(commandLine);
  }
  return found;
}
