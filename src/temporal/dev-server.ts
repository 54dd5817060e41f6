import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from './connection.ts';
import { plainLocation, type TemporalLocation } from './location.ts';

const LOOPBACK = '127.0.0.1';
/** An earlier server that was told to stop needs about a second to let go of its ports. */
const PORTS_FREE_WITHIN = 3_000;

/** How the development server of one platform is started, and where it will answer. */
export interface DevServer {
  readonly location: TemporalLocation;
  /** Address of the Temporal UI, `http://127.0.0.1:PORT`. */
  readonly ui: string;
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Temporal's development server with its state in `<state>/temporal.db`, on loopback only. Its ports are chosen once
 * and kept in `<state>/temporal.json`, so that the UI's address is still good tomorrow; others are chosen when somebody
 * else has taken them.
 * @param binary the Temporal CLI, as found by `findServer`.
 */
export async function devServer(binary: string, state: string): Promise<DevServer> {
  const ports = await keptPorts(state);
  const flags = {
    '--ip': LOOPBACK,
    '--port': String(ports.server),
    '--ui-port': String(ports.ui),
    '--db-filename': join(state, 'temporal.db'),
    '--log-level': 'error',
  };
  return {
    location: plainLocation(`${LOOPBACK}:${ports.server}`),
    ui: `http://${LOOPBACK}:${ports.ui}`,
    command: binary,
    args: ['server', 'start-dev', ...Object.entries(flags).flat(), '--ui-disable-news-fetch'],
  };
}

/**
 * Resolves once the server answers and knows its namespace; until then it keeps asking.
 * @param signal ends the asking.
 * @throws the signal's reason.
 */
export async function untilServing(location: TemporalLocation, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (await isServing(location)) return;
    await delay(50, undefined, { signal });
  }
}

async function isServing(location: TemporalLocation): Promise<boolean> {
  const connection = await connect(location, 1_000).catch(() => null);
  if (connection === null) return false;
  try {
    await connection.healthService.check({});
    await connection.workflowService.describeNamespace({ namespace: location.namespace });
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

interface Ports {
  readonly server: number;
  readonly ui: number;
}

async function keptPorts(state: string): Promise<Ports> {
  const file = join(state, 'temporal.json');
  const kept = await readPorts(file);
  if (kept !== null && (await bothFree(kept))) return kept;

  const chosen = { server: await freePort(), ui: await freePort() };
  await mkdir(state, { recursive: true });
  await writeFile(file, JSON.stringify(chosen));
  return chosen;
}

async function readPorts(file: string): Promise<Ports | null> {
  try {
    const { server, ui } = JSON.parse(await readFile(file, 'utf8')) as Partial<Ports>;
    return typeof server === 'number' && typeof ui === 'number' ? { server, ui } : null;
  } catch {
    return null;
  }
}

async function bothFree(ports: Ports): Promise<boolean> {
  for (const deadline = Date.now() + PORTS_FREE_WITHIN; Date.now() < deadline; await delay(100)) {
    if ((await listensOn(ports.server)) !== null && (await listensOn(ports.ui)) !== null) return true;
  }
  return false;
}

async function freePort(): Promise<number> {
  const port = await listensOn(0);
  if (port === null) throw new Error('no port of 127.0.0.1 is free');
  return port;
}

/** Listens for a moment; the port, or null when it is taken. */
async function listensOn(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: LOOPBACK }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null));
    });
  });
}
