import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type Dispatcher } from 'undici';
import {
  UNASSIGNED_UIDS,
  type Limits,
  type Sandbox,
  type SandboxJob,
  type SandboxResult,
  type SandboxRun,
} from '../build/sandbox.ts';
import type { EnvironmentVariable, SealedManifest } from '../config/manifest.ts';
import { LOOPBACK, withBridge, type BridgeEnd } from './bridge.ts';
import { holdSocket, type HeldSocket } from './socket.ts';

export interface ThrowawayRequest {
  readonly sandbox: Sandbox;
  /** The unpacked artifact; it is only read. */
  readonly folder: string;
  readonly manifest: SealedManifest;
  /** A folder of ours that exists. */
  readonly scratch: string;
  readonly limits: Omit<Limits, 'timeout'>;
  readonly signal?: AbortSignal | undefined;
}

/** An instance of an artifact that nobody uses, alone with its loopback. Stop it when done. */
export interface Throwaway {
  /** Ask it here, through `dispatcher`: the URL alone leads nowhere. Null for an agent. */
  readonly url: string | null;
  readonly dispatcher: Dispatcher;
  /** The same, for smoke tests by command. */
  readonly reach: BridgeEnd | null;
  /** Its `$SLIPWAY_INSTANCE_DIR`, empty at first. */
  readonly instanceFolder: string;
  /** An agent's `$SLIPWAY_HEARTBEAT`. */
  readonly heartbeatFile: string;
  /** How it ended by itself, in words. @throws INTERNAL when the sandbox could not be set up; the signal's reason. */
  readonly exited: Promise<string>;
  /** What it has written so far. */
  log(): string;
  /** Ends it and takes away what it left. */
  stop(): Promise<void>;
}

/** Who runs in a sandbox of verification: the same for the instance and for the commands that look at its files. */
export const VERIFICATION_IDENTITY: SandboxJob['identity'] = {
  user: 'slipway',
  uid: UNASSIGNED_UIDS.first,
  host: 'verification',
  umask: '022',
};

/** Where things are inside. With `none`, where they really are. */
export const INSIDE = { artifact: '/app', instanceFolder: '/instance', shared: '/run/slipway' } as const;

/** As long as a timer can run: an instance has no end of its own. */
const NO_TIMEOUT = 2 ** 31 - 1;
/** Anything above the ports of root; the loopback inside is the instance's alone. */
const PORT_INSIDE = 8080;
const SOCKET = 'instance.sock';

/**
 * Starts an artifact as its runtime would, but for the world around it: the addresses of other components lead to a
 * closed port, its secrets are placeholders, and its instance folder is empty (§7). Resolves when it was started, not when it is healthy.
 */
export async function startThrowaway(request: ThrowawayRequest): Promise<Throwaway> {
  const { sandbox, manifest, scratch, signal } = request;
  const instanceFolder = await mkdtemp(join(scratch, 'instance-'));
  // Not in `scratch`: the path of a socket is short.
  const shared = await mkdtemp(join(tmpdir(), 'slipway-'));
  const port = sandbox.kind === 'none' ? await freePort() : PORT_INSIDE;
  const run = sandbox.start(jobOf(request, { instanceFolder, shared, port }), signal);
  const exited = run.ended.then(inWords);
  exited.catch(() => {});

  const bridged = manifest.kind !== 'agent' && sandbox.kind !== 'none';
  const socket = bridged ? await holdSocket(join(shared, SOCKET), run.ended).catch(endingFirst(run)) : null;
  const reach = reachOf(request, port, socket);
  const connect = reach !== null && 'path' in reach ? { socketPath: reach.path } : {};
  const dispatcher = new Agent({ pipelining: 0, connect });
  return {
    url: reach === null ? null : `http://${LOOPBACK}:${port}`,
    dispatcher,
    reach,
    instanceFolder,
    heartbeatFile: join(shared, HEARTBEAT),
    exited,
    log: () => run.log(),
    async stop() {
      await end(run);
      await dispatcher.destroy();
      await socket?.close();
      for (const folder of [instanceFolder, shared]) await rm(folder, { recursive: true, force: true });
    },
  };
}

const HEARTBEAT = 'heartbeat';

function jobOf(
  { folder, manifest, limits, sandbox }: ThrowawayRequest,
  own: { readonly instanceFolder: string; readonly shared: string; readonly port: number },
): SandboxJob {
  const agent = manifest.kind === 'agent';
  const bridge = { listen: { path: `${INSIDE.shared}/${SOCKET}` }, connect: { host: LOOPBACK, port: own.port } };
  const { command } = manifest.run;
  return {
    command: agent || sandbox.kind === 'none' ? command : withBridge({ ...bridge, command }),
    workingFolder: INSIDE.artifact,
    environment: {
      ...environmentOf(manifest),
      ...(agent ? { SLIPWAY_HEARTBEAT: { place: `${INSIDE.shared}/${HEARTBEAT}` } } : { PORT: String(own.port) }),
      PATH: sandbox.path,
      SLIPWAY_INSTANCE_DIR: { place: INSIDE.instanceFolder },
    },
    identity: VERIFICATION_IDENTITY,
    shares: [
      { from: folder, at: INSIDE.artifact, writable: false },
      { from: own.instanceFolder, at: INSIDE.instanceFolder, writable: true },
      { from: own.shared, at: INSIDE.shared, writable: true },
    ],
    limits: { ...limits, timeout: NO_TIMEOUT },
  };
}

/** What a secret is where there are none: nothing that a component could use, and a URL, as many of them are. */
const PLACEHOLDER = 'slipway-secret-placeholder:';

/** A port that is closed wherever we are: below those that an instance could open, and none that `fetch` refuses to ask. */
const CLOSED_PORT = 4;

function environmentOf({ run }: SealedManifest): Record<string, string> {
  return Object.fromEntries(Object.entries(run.env).map(([name, value]) => [name, standInFor(value)]));
}

function standInFor(value: EnvironmentVariable): string {
  if (typeof value === 'string') return value;
  return 'secret' in value ? `${PLACEHOLDER}${value.secret}` : `http://${LOOPBACK}:${CLOSED_PORT}`;
}

function reachOf({ manifest, sandbox }: ThrowawayRequest, port: number, socket: HeldSocket | null): BridgeEnd | null {
  if (manifest.kind === 'agent') return null;
  if (sandbox.kind === 'none') return { host: LOOPBACK, port };
  // Where no socket came, nothing listens: `exited` says why.
  return { path: socket?.path ?? '/nonexistent' };
}

function inWords({ ended, exitCode }: SandboxResult): string {
  switch (ended) {
    case 'exited':
      return exitCode === null ? 'it was ended by a signal' : `it ended with ${exitCode}`;
    case 'log-too-large':
      return 'it was ended, having written too much';
    case 'stopped':
    case 'timed-out':
    case 'output-too-large':
      return 'it was stopped';
  }
}

async function end(run: SandboxRun): Promise<void> {
  run.stop();
  await run.ended.catch(() => {});
}

function endingFirst(run: SandboxRun): (error: unknown) => Promise<never> {
  return async (error) => {
    await end(run);
    throw error;
  };
}

/** With no sandbox, the loopback is everybody's. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, LOOPBACK, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
