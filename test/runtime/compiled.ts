import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compile } from '../setup/compile.ts';
import type { World } from './world.ts';

/** The runtime and these tests' own entry, compiled. */
export async function compileRuntime(): Promise<{ entry: string; main: string; remove: () => Promise<void> }> {
  const { folder, remove } = await compile('test/runtime/process.ts', 'src/runtime/local/main.ts');
  return {
    entry: join(folder, 'test/runtime/process.js'),
    main: join(folder, 'src/runtime/local/main.js'),
    remove,
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
