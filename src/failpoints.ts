import { appendFileSync, readFileSync, renameSync } from 'node:fs';
import { SlipwayError } from './contract/failure.ts';

/**
 * Every effect of the artifact store, on disk or in a registry, and of the local runtime's driver: what it changes, and how it stands in its
 * middle. This list is closed: a test fails when code of either changes something outside an effect, when an effect is
 * carried out at two places or at none, and when no test kills a process before, in and after it.
 */
export const EFFECTS = {
  'store.make-layout': 'folders of a component’s layout: some are there, others are not',
  'store.mark-layout': 'the file oci-layout: written, not in its place',
  'store.sweep-temporary': 'files that killed writers left: one is gone, others are not',
  'store.write-temporary': 'a file under a temporary name: half of its bytes are there',
  'store.place-blob': 'bytes under their digest: written, not in their place',
  'store.claim-ref': 'a name: claimed, its temporary file still there',
  'store.write-index': 'index.json: written anew, not in its place',
  'store.unpack-image': 'a folder of an image’s files: the first is there, beside that folder',
  'store.remove-unpacked': 'such a folder taken away: all is there, and some of it may be removed',
  'registry.hold-blob':
    'bytes on their way to a registry, in a file of our own: it has a name still, or none of them is there',
  'registry.push-blob': 'bytes on their way to a registry: an upload is begun, and none has come',
  'registry.claim-tag': 'a name in a registry: given, and not yet looked at again',
  'registry.list-referrer': 'a document at what it is about: marked there, not yet in the list',
  'driver.lock-folder': 'the lock of a runtime’s folder: taken, older ones still there',
  'driver.release-lock': 'the lock given up: its file is empty',
  'driver.own-socket-folder': 'the folder of the sockets: there, not yet this user’s alone',
  'driver.open-socket': 'a socket: listening, not yet this user’s alone',
  'driver.close-sockets': 'both sockets: closed, their files still there',
  'driver.write-draft': 'the state about to be saved: half of it is written, beside the state',
  'driver.save-target': 'what is declared for a target: written, not in its place',
  'driver.save-port': 'a target’s stable port: written, not in its place',
  'driver.unpack-artifact': 'an artifact that instances run from: whole, not under its name',
  'driver.drop-artifacts': 'artifacts that nothing runs from: none is gone yet',
  'driver.make-instance-folder': 'where a component keeps its state: the environment’s folder is there, its own is not',
  'driver.start-instance': 'an instance: its process was started, and nobody knows it yet',
  'driver.end-instance': 'an instance asked to end: its main process has, what it started may not have',
  'driver.clear-instance': 'what is left of an instance: no process, but its files',
  'driver.listen-address': 'a stable address: asked for, and nobody told yet',
  'driver.switch-address': 'where a stable address leads: decided, not yet so',
  'driver.let-go': 'an instance that is live no more: it has no request, and still runs',
} as const;

export type Effect = keyof typeof EFFECTS;
export type Failpoint = `${Effect}:${'before' | 'in' | 'after'}`;

/** Every place to die, in the order of {@link EFFECTS}. */
export const FAILPOINTS: readonly Failpoint[] = Object.keys(EFFECTS).flatMap((name) =>
  (['before', 'in', 'after'] as const).map((point): Failpoint => `${name as Effect}:${point}`),
);

declare const given: unique symbol;

/**
 * To be called in the middle of an effect. Only {@link effect} gives one, so a function that asks for it is always part
 * of an effect.
 */
export type Midway = (() => void) & { readonly [given]: true };

type Listener = (failpoint: Failpoint, about: string) => void;

let listener: Listener | null = null;
const NOBODY = (() => {}) as Midway;

/**
 * Carries out an effect, with a failpoint before, in and after it. Its errors are passed on, and then there is no
 * after. `about` says what it is done to, so that a drill can choose: a path, a name, a target.
 */
export async function effect<T>(name: Effect, about: string, work: (midway: Midway) => Promise<T>): Promise<T> {
  if (listener === null) return work(NOBODY);
  reach(`${name}:before`, about);
  const done = await work((() => reach(`${name}:in`, about)) as Midway);
  reach(`${name}:after`, about);
  return done;
}

/** As {@link effect}, for what is done at once. */
export function effectNow<T>(name: Effect, about: string, work: (midway: Midway) => T): T {
  if (listener === null) return work(NOBODY);
  reach(`${name}:before`, about);
  const done = work((() => reach(`${name}:in`, about)) as Midway);
  reach(`${name}:after`, about);
  return done;
}

function reach(failpoint: Failpoint, about: string): void {
  listener?.(failpoint, about);
}

/** Tells `told` of every failpoint that this process reaches from now on, in place of whoever was told before. */
export function whenReached(told: Listener): void {
  listener = told;
}

/** Names the file that a drill is written into. */
export const FAILPOINT_FILE = 'SLIPWAY_FAILPOINT_FILE';

/**
 * For tests and drills: lets this process die by SIGKILL where the file that `SLIPWAY_FAILPOINT_FILE` names says so. The
 * file may be written at any time, and holds the name of a failpoint, and after it, if you like, what the effect has to
 * be about (`store.claim-ref:in outcome.staging.7`). Whichever process comes there first takes the file away, so that
 * one dies and, started again, lives; `<file>.died` says who it was. Without the variable nothing is looked at.
 *
 * This opens no door: whoever can set a worker's environment can stop it anyway. Keep the file where only he can write.
 * @throws USAGE when the file is there already and names no failpoint; of one that comes later, stderr says so.
 */
export function armFailpoint(env: NodeJS.ProcessEnv): void {
  const file = env[FAILPOINT_FILE];
  if (file === undefined) return;
  const found = readDrill(file);
  if (found?.unknown === true) throw new SlipwayError('USAGE', unknownFailpoint(file, found.failpoint));
  let complained: string | null = null;
  whenReached((failpoint, about) => {
    const drill = readDrill(file);
    if (drill?.unknown === true && drill.failpoint !== complained) {
      complained = drill.failpoint;
      process.stderr.write(`USAGE: ${unknownFailpoint(file, complained)}\n`);
    }
    if (drill?.failpoint === failpoint && about.includes(drill.about) && take(file))
      process.kill(process.pid, 'SIGKILL');
  });
}

interface Drill {
  readonly failpoint: string;
  readonly about: string;
  readonly unknown: boolean;
}

function readDrill(file: string): Drill | null {
  try {
    const [failpoint = '', ...about] = readFileSync(file, 'utf8').trim().split(/\s+/);
    if (failpoint === '') return null;
    return { failpoint, about: about.join(' '), unknown: !FAILPOINTS.some((known) => known === failpoint) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** True for one process only: rename(2) finds the file once. */
function take(file: string): boolean {
  try {
    renameSync(file, `${file}.died`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  appendFileSync(`${file}.died`, `\nprocess ${process.pid}\n`);
  return true;
}

function unknownFailpoint(file: string, found: string): string {
  return `${file}: "${found}" is no failpoint: expected one of ${FAILPOINTS.join(', ')}. Write one of them, or take the file away.`;
}
