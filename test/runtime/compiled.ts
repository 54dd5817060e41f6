import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { World } from './world.ts';

const root = resolve(import.meta.dirname, '../..');

/** The runtime and these tests' own entry, compiled into a folder of their own: Node 20 runs no TypeScript. */
export async function compileRuntime(): Promise<{ entry: string; main: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-compiled-'));
  await chmod(folder, 0o755);
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      rootDir: root,
      outDir: folder,
      declaration: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: [join(root, 'test/runtime/process.ts'), join(root, 'src/runtime/local/main.ts')],
    include: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', folder]);
  return {
    entry: join(folder, 'test/runtime/process.js'),
    main: join(folder, 'src/runtime/local/main.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A runtime in a process of its own. */
export interface RuntimeProcess {
  readonly child: ChildProcess;
  /** What it wrote to stderr so far. */
  readonly errors: () => string;
  /** Ends it with a signal and waits for its end. Resolves with its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Resolves when it says `ready`; rejects when it ends before. */
export async function startProcess(
  script: string,
  args: readonly string[],
  user: { uid?: number } = {},
): Promise<RuntimeProcess> {
  const child = spawn(process.execPath, [script, ...args], { ...user, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const ready = once(createInterface(child.stdout), 'line');
  await Promise.race([
    ready,
    exited.then(([code]) => Promise.reject(new Error(`exit code ${code}: ${errors.trim()}`))),
  ]);
  return {
    child,
    errors: () => errors,
    async end(signal) {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

export function startRuntimeProcess(entry: string, world: World, user: { uid?: number } = {}): Promise<RuntimeProcess> {
  return startProcess(entry, [world.folder, world.instances, world.images], user);
}
