import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { formatDuration } from '../../config/duration.ts';
import { SlipwayError } from '../../contract/failure.ts';
import { formatTarget, type Target } from '../../contract/target.ts';
import { effect, type Midway } from '../../failpoints.ts';
import type { Mask } from '../../secrets/mask.ts';
import type { Isolation } from '../driver.ts';
import { exitOf, homeOf, launch, locate, runBeside, type InstanceSpec } from './launch.ts';
import { tailLog } from './log.ts';
import type { GivenSecrets } from './secrets.ts';
import { identify, isAlive, processesMarked, signal as send, type ProcessIdentity } from '../../process.ts';
import { heartbeatAge, lookAtHeartbeat, lookAtPath } from './readiness.ts';
import type { InstanceRecord } from './state.ts';

/** The instances of one runtime: processes that outlive it. */
export interface Instances {
  /** What new instances are kept apart by. */
  readonly isolation: Isolation;
  /**
   * Starts an instance and waits until it is ready; when it throws, nothing of it is left running.
   * @throws SECRET_MISSING, SECRET_UNAVAILABLE, before anything is started.
   * @throws INSTANCE_DIED, INSTANCE_NEVER_READY; or whatever `signal` was aborted with.
   */
  start(spec: InstanceSpec, signal: AbortSignal): Promise<InstanceRecord>;
  isAlive(instance: InstanceRecord): boolean;
  /** One check of its health, as its manifest says: null when it is ready, else what was seen instead. */
  look(instance: InstanceRecord, spec: InstanceSpec, signal: AbortSignal): Promise<string | null>;
  /** @throws as `start` does; the instance is left as it is. */
  waitUntilReady(instance: InstanceRecord, spec: InstanceSpec, signal: AbortSignal): Promise<void>;
  /** Milliseconds since an agent's last heartbeat; null where there is none. */
  heartbeatAge(instance: InstanceRecord): Promise<number | null>;
  /** Asks it to end, and after a grace time ends its whole tree. */
  end(instance: InstanceRecord): Promise<void>;
  /** Ends every instance of this runtime that is not among these. */
  endAllBut(recorded: readonly InstanceRecord[]): Promise<void>;
}

/** Milliseconds from SIGTERM to SIGKILL, and within which a killed tree has to be gone. */
const GRACE = 2_000;

/** `tag` marks this runtime's instances among all processes of the machine; `hidden` folders are kept from them. */
export function createInstances(deps: {
  folder: string;
  hidden: readonly string[];
  tag: string;
  isolation: Isolation;
  mask: Mask;
  logger: Logger;
}): Instances {
  const { folder, tag, isolation, mask, logger } = deps;
  const given = new Map<string, GivenSecrets>();

  /** With what it was started, whatever its secrets are now: a rotation counts for the next one. */
  async function givenTo({ id, main }: InstanceRecord, spec: InstanceSpec): Promise<GivenSecrets> {
    const known = given.get(id) ?? spec.secrets.startedWith(main) ?? (await spec.secrets.read());
    given.set(id, known);
    return known;
  }

  async function look(instance: InstanceRecord, spec: InstanceSpec, signal: AbortSignal): Promise<string | null> {
    const { health } = spec.artifact.manifest;
    const home = homeOf(folder, instance.id);
    if ('heartbeat' in health) return lookAtHeartbeat(home.heartbeat);
    const bound = AbortSignal.any([signal, AbortSignal.timeout(health.timeout)]);
    if ('command' in health) {
      const whole = { ...spec, given: await givenTo(instance, spec) };
      const exit = await runBeside(deps, home, whole, { command: health.command, signal: bound });
      return exit === 0 ? null : `${health.command.join(' ')} ended with ${exit}`;
    }
    return instance.port === null ? 'it has no port' : lookAtPath(instance.port, health.path, bound);
  }

  async function waitUntilReady(instance: InstanceRecord, spec: InstanceSpec, signal: AbortSignal): Promise<void> {
    const { startWithin } = spec.artifact.manifest.run;
    const inTime = AbortSignal.timeout(startWithin);
    const bound = AbortSignal.any([signal, inTime]);
    // What it may have written has to be known before it is quoted.
    await givenTo(instance, spec).catch(() => undefined);
    let seen: string | null = null;
    for (let pause = 10; ; pause = Math.min(pause * 1.5, 200)) {
      const before: string | null = seen;
      seen = await look(instance, spec, bound);
      signal.throwIfAborted();
      // Asked after the look: the answer may have come from another program on a dead instance's port.
      if (!isAlive(instance.main)) throw await died(spec.target, instance.log, null, mask);
      if (seen === null) return;
      if (inTime.aborted) {
        throw new SlipwayError(
          'INSTANCE_NEVER_READY',
          `${formatTarget(spec.target)}: not ready within run.startWithin (${formatDuration(startWithin)}); last seen: ${before ?? seen}. ${await lastWords(instance.log, mask)}`,
        );
      }
      await delay(pause);
    }
  }

  /** Ends all processes that carry a marker, whatever else they did to get away. */
  function endMarked(id: string): Promise<void> {
    return effect('driver.clear-instance', id, (midway) => clear(id, midway));
  }

  async function clear(id: string, midway: Midway): Promise<void> {
    const deadline = Date.now() + GRACE;
    while (Date.now() < deadline) {
      const left = processesMarked(`SLIPWAY_INSTANCE=${id}`);
      if (left.length === 0) break;
      for (const { pid } of left) send(pid, 'SIGKILL');
      await delay(10);
    }
    midway();
    given.delete(id);
    await rm(homeOf(folder, id).folder, { recursive: true, force: true });
  }

  function end(instance: InstanceRecord): Promise<void> {
    return effect('driver.end-instance', instance.id, (midway) => endTree(instance, midway));
  }

  async function endTree({ id, init, main, isolation: kind }: InstanceRecord, midway: Midway): Promise<void> {
    if (isAlive(main)) send(main.pid, 'SIGTERM');
    await untilGone(main, GRACE);
    midway();
    // A process group keeps its leader's pid from being used again for as long as it has members.
    if (kind === 'none' && (isAlive(init) || identify(init.pid) === null)) send(-init.pid, 'SIGKILL');
    if (isAlive(init)) send(init.pid, 'SIGKILL');
    await untilGone(init, GRACE);
    await endMarked(id);
  }

  return {
    isolation,
    look,
    waitUntilReady,
    end,
    isAlive: (instance) => isAlive(instance.main),
    heartbeatAge: (instance) => heartbeatAge(homeOf(folder, instance.id).heartbeat),

    async start(spec, signal) {
      const secrets = await spec.secrets.read();
      const id = `${tag}-${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
      const target = formatTarget(spec.target);
      const log = join(folder, 'logs', target, `${id}.log`);
      const home = homeOf(folder, id);
      const { exit, processes } = await effect('driver.start-instance', target, async (midway) => {
        const child = launch(deps, home, { ...spec, log, given: secrets }, midway);
        return { exit: exitOf(child), processes: await locate(isolation, child, home) };
      });
      if (processes === null) {
        await endMarked(id);
        throw await died(spec.target, log, await exit, mask);
      }
      given.set(id, secrets);
      const startedAt = new Date().toISOString();
      const instance: InstanceRecord = { id, port: spec.port, ...processes, isolation, startedAt, log };
      logger.info({ target, instance: id, pid: processes.main.pid }, 'instance started');
      try {
        await waitUntilReady(instance, spec, signal);
        return instance;
      } catch (error) {
        const early = error instanceof SlipwayError && error.code === 'INSTANCE_DIED';
        // Its exit code comes a moment after its end; that of an instance that we ended says nothing.
        const code = early ? await Promise.race([exit, delay(500, null, { ref: false })]) : null;
        await end(instance);
        throw early ? await died(spec.target, log, code, mask) : error;
      }
    },

    async endAllBut(recorded) {
      const kept = new Set(recorded.map((instance) => instance.id));
      const running = processesMarked(`SLIPWAY_INSTANCE=${tag}-`).map(({ marker }) => marker.split('=')[1] ?? '');
      const leftOver = await readdir(join(folder, 'run')).catch(() => []);
      for (const id of new Set([...running, ...leftOver].filter((found) => !kept.has(found)))) {
        logger.warn({ instance: id }, 'ended an instance that was not recorded');
        await endMarked(id);
      }
    },
  };
}

async function untilGone(identity: ProcessIdentity, within: number): Promise<void> {
  const deadline = Date.now() + within;
  while (isAlive(identity) && Date.now() < deadline) await delay(10);
}

async function died(target: Target, log: string, exit: number | string | null, mask: Mask): Promise<SlipwayError> {
  const how = exit === null ? '' : ` (exit: ${exit})`;
  return new SlipwayError(
    'INSTANCE_DIED',
    `${formatTarget(target)}: the instance ended before it was ready${how}. ${await lastWords(log, mask)}`,
  );
}

async function lastWords(log: string, mask: Mask): Promise<string> {
  const words = await tailLog(log, { mask });
  return words === '' ? 'It wrote nothing to its log.' : `The end of its log ${log}:\n${words}`;
}
