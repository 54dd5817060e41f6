import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { DemoOutcome } from '../../src/demo/outcome.ts';
import { processesMarked } from '../../src/process.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/slipway.js');

/** Runs `slipway demo` in a folder of its own: its own server, whatever this machine's environment names. */
export function startDemo(folder: string, ...args: readonly string[]): ChildProcess {
  const { TEMPORAL_ADDRESS: _, TEMPORAL_NAMESPACE: __, TEMPORAL_PROFILE: ___, ...env } = process.env;
  return spawn(process.execPath, [PROGRAM, 'demo', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A demo that has been told to its end. */
export interface ToldDemo {
  readonly outcome: DemoOutcome;
  /** What people were told. */
  readonly told: string;
  readonly exitCode: number | null;
  /** The bodies of its private keys, in base64: it had them while it ran. */
  readonly privateKeys: readonly string[];
}

/** Tells a whole story with `--json`, whose document has to be all of stdout. */
export async function tellDemo(folder: string, ...args: readonly string[]): Promise<ToldDemo> {
  const demo = startDemo(folder, '--json', ...args);
  const privateKeys = new Set<string>();
  const looking = setInterval(() => privateKeysIn(folder).forEach((key) => privateKeys.add(key)), 500);
  const [out, told, [exitCode]] = await Promise.all([text(demo.stdout!), text(demo.stderr!), once(demo, 'exit')]);
  clearInterval(looking);
  // What people were told says why there is no document.
  if (out === '') throw new Error(told);
  return {
    outcome: JSON.parse(out) as DemoOutcome,
    told,
    exitCode: exitCode as number | null,
    privateKeys: [...privateKeys],
  };
}

function privateKeysIn(folder: string): readonly string[] {
  try {
    const keys = join(folder, '.slipway', 'demo', 'keys');
    const files = readdirSync(keys, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.pem'));
    return files.map((file) => readFileSync(join(keys, file), 'utf8').split('\n')[1] ?? '').filter((key) => key !== '');
  } catch {
    // They are not there yet, or no more.
    return [];
  }
}

/** Process ids that a demo said it had started. */
export function startedBy(told: string): readonly number[] {
  const line = /^ {2}Ready after .*$/m.exec(told)?.[0] ?? '';
  return [...line.matchAll(/\((\d+)\)/g)].map(([, pid]) => Number(pid));
}

/** Instances of the runtime in a demo's folder that are still there. */
export function instancesLeft(folder: string): readonly unknown[] {
  const tag = tagOf(join(folder, '.slipway', 'demo', '.slipway', 'runtime'));
  return processesMarked(`SLIPWAY_INSTANCE=${tag}-`);
}
