import type { Limits, Sandbox, SandboxJob, Share } from '../build/sandbox.ts';
import type { CommandAnswer, RunCommand } from '../health/smoke.ts';
import { LOOPBACK, withBridge, type BridgeEnd } from './bridge.ts';
import { FORWARDER_SOCKET, openForwarder, type Forwarder } from './forwarder.ts';
import { INSIDE, VERIFICATION_IDENTITY } from './instance.ts';

export interface SmokeCommandDeps {
  readonly sandbox: Sandbox;
  /** The unpacked artifact: read-only, and where commands run. */
  readonly folder: string;
  /** What answers at `$SLIPWAY_URL`, and is all that a command reaches; null for an agent. See {@link endOf}. */
  readonly reach: BridgeEnd | null;
  /** An agent's `$SLIPWAY_INSTANCE_DIR`, shown read-only; null for what has an address. */
  readonly instanceFolder: string | null;
  readonly limits: Omit<Limits, 'timeout'>;
}

/**
 * Runs smoke tests by `command:`, and an agent's own health check: in the sandbox, without credentials, against a
 * throwaway instance as against the live one (§7, §10).
 * What goes wrong on our side is thrown, and is no answer of the command's: INTERNAL, or the signal's reason.
 */
export function createSmokeCommands(deps: SmokeCommandDeps): RunCommand {
  return async (command, { timeout, signal }) => {
    const bridged = deps.reach !== null && deps.sandbox.kind !== 'none';
    const forwarder = bridged ? await openForwarder(deps.reach) : null;
    try {
      const job = jobOf(deps, { command, timeout, forwarder });
      return answerOf(await deps.sandbox.run(job, signal));
    } finally {
      await forwarder?.close();
    }
  };
}

/** The place behind a URL such as a target's stable address. */
export function endOf(url: string): BridgeEnd {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port === '' ? '80' : port) };
}

function jobOf(
  { sandbox, folder, reach, instanceFolder, limits }: SmokeCommandDeps,
  own: { readonly command: readonly string[]; readonly timeout: number; readonly forwarder: Forwarder | null },
): SandboxJob {
  const { command, timeout, forwarder } = own;
  const shares: Share[] = [{ from: folder, at: INSIDE.artifact, writable: false }];
  const environment: Record<string, string | { place: string }> = {
    PATH: sandbox.path,
    HOME: { place: '/tmp' },
    TMPDIR: { place: '/tmp' },
  };
  if (instanceFolder !== null) {
    shares.push({ from: instanceFolder, at: INSIDE.instanceFolder, writable: false });
    environment['SLIPWAY_INSTANCE_DIR'] = { place: INSIDE.instanceFolder };
  }
  if (forwarder !== null) shares.push({ from: forwarder.folder, at: INSIDE.shared, writable: false });
  else if (reach !== null && 'port' in reach) environment['SLIPWAY_URL'] = `http://${reach.host}:${reach.port}`;
  return {
    command: forwarder === null ? command : withBridge({ ...WAY_OUT, command }),
    workingFolder: INSIDE.artifact,
    environment,
    identity: VERIFICATION_IDENTITY,
    shares,
    limits: { ...limits, timeout },
  };
}

const WAY_OUT = {
  listen: { host: LOOPBACK, port: 0 },
  connect: { path: `${INSIDE.shared}/${FORWARDER_SOCKET}` },
  urlIn: 'SLIPWAY_URL',
} as const;

function answerOf(result: Awaited<ReturnType<Sandbox['run']>>): CommandAnswer {
  const { ended, exitCode, log, elapsed } = result;
  const output = ended === 'log-too-large' ? `${log}\nended, having written too much` : log;
  return { exitCode: ended === 'exited' ? exitCode : null, timedOut: ended === 'timed-out', output, elapsed };
}
