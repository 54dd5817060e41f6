import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { isDigest, type Digest } from '../../contract/digest.ts';
import { SlipwayError } from '../../contract/failure.ts';
import { effect, type Midway } from '../../failpoints.ts';

const digest = z.custom<Digest>(isDigest, 'expected a digest');
const identity = z.object({ pid: z.int(), start: z.string() });
const release = z.object({ version: z.string(), digest, deploymentId: z.string() });

const instance = z.object({
  id: z.string(),
  /** Loopback port that it listens on; null for an agent. */
  port: z.int().nullable(),
  /** The process whose end takes the whole tree with it: init of the pid namespace, where there is one. */
  init: identity,
  /** The component's own process. */
  main: identity,
  isolation: z.enum(['bwrap', 'unshare', 'none']),
  startedAt: z.string(),
  log: z.string(),
});

const targetState = z.object({
  generation: z.int(),
  live: release.nullable(),
  /** What was done last, and the generation that its caller named; by it a repeated call is known. */
  act: z
    .object({
      kind: z.enum(['activated', 'restored', 'removed', 'burned']),
      deploymentId: z.string(),
      generation: z.int(),
    })
    .nullable(),
  /** Agents: of the instance folder, between the old instance and the new one. */
  hashes: z.object({ before: z.string(), after: z.string() }).nullable(),
  /** The live instance, recorded once it was seen ready. What runs unrecorded is ended at the next start. */
  instance: instance.nullable(),
  restarts: z.int(),
  warm: z.object({ release, instance }).nullable(),
});

const runtimeState = z.object({
  version: z.literal(1),
  /** Stable ports by target: given once and kept. */
  ports: z.record(z.string(), z.int()),
  targets: z.record(z.string(), targetState),
});

export type InstanceRecord = z.output<typeof instance>;
export type TargetState = z.output<typeof targetState>;
export type Act = NonNullable<TargetState['act']>;
type RuntimeState = z.output<typeof runtimeState>;

/** The runtime's memory: one file. What was saved survives a kill -9; what was not never happened. */
export interface StateFile {
  /** A target never heard of is at generation 0, with nothing in service. */
  target(name: string): TargetState;
  targets(): readonly string[];
  saveTarget(name: string, state: TargetState): Promise<void>;
  ports(): Readonly<Record<string, number>>;
  savePort(target: string, port: number): Promise<void>;
}

const UNTOUCHED: TargetState = {
  generation: 0,
  live: null,
  act: null,
  hashes: null,
  instance: null,
  restarts: 0,
  warm: null,
};

/** @throws FILE_INVALID when the file is there and is not a state that this version wrote. */
export async function openState(folder: string): Promise<StateFile> {
  const file = join(folder, 'state.json');
  let current = await read(file);
  let writing: Promise<void> = Promise.resolve();

  /** Saves one after the other; memory changes only once the disk has. */
  function save(changed: (state: RuntimeState) => RuntimeState, midway: Midway): Promise<void> {
    const saved = writing.then(async () => {
      const wanted = changed(current);
      await writeDurably(file, JSON.stringify(wanted, null, 2), midway);
      current = wanted;
    });
    writing = saved.catch(() => undefined);
    return saved;
  }

  return {
    target: (name) => current.targets[name] ?? UNTOUCHED,
    targets: () => Object.keys(current.targets).toSorted(),
    saveTarget: (name, state) =>
      effect('driver.save-target', `${name} ${state.act?.kind ?? 'untouched'}`, (midway) =>
        save((all) => ({ ...all, targets: { ...all.targets, [name]: state } }), midway),
      ),
    ports: () => current.ports,
    savePort: (target, port) =>
      effect('driver.save-port', target, (midway) =>
        save((all) => ({ ...all, ports: { ...all.ports, [target]: port } }), midway),
      ),
  };
}

async function read(file: string): Promise<RuntimeState> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, ports: {}, targets: {} };
    throw error;
  }
  try {
    return runtimeState.parse(JSON.parse(text));
  } catch (cause) {
    throw new SlipwayError(
      'FILE_INVALID',
      `${file}: not a state that this version of the runtime wrote. Restore the file from a copy, or move it away to begin with nothing in service.`,
      { cause },
    );
  }
}

/** Either the old bytes or the new ones are there after a crash, and the new ones once this resolves. */
async function writeDurably(file: string, text: string, midway: Midway): Promise<void> {
  const draft = `${file}.draft`;
  await effect('driver.write-draft', draft, (midwayThrough) => writeSynced(draft, text, midwayThrough));
  midway();
  await rename(draft, file);
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeSynced(file: string, text: string, midway: Midway): Promise<void> {
  const half = text.length >> 1;
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text.slice(0, half));
    midway();
    await handle.writeFile(text.slice(half));
    await handle.sync();
  } finally {
    await handle.close();
  }
}
