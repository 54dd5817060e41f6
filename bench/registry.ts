import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A registry of somebody else's making, which runs on this machine. */
export interface RegistryProcess {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Where it keeps its files. */
  readonly folder: string;
  /** Ends it, and removes what it kept. */
  readonly stop: () => Promise<void>;
}

/** What stands in a configuration of distribution beside where it keeps its files, and where it listens. */
export interface RegistrySettings {
  readonly auth?: object;
  readonly tls?: object;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
}

/** Where Debian's package has put it; null where it is not installed. */
export function findDockerRegistry(env: Readonly<NodeJS.ProcessEnv>): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'docker-registry')).find((file) => existsSync(file)) ?? null;
}

/**
 * Starts a registry with a folder of its own beneath `TMPDIR`, and waits until it answers.
 * @param command distribution's program, version 2 or 3
 * @param settingsIn asked with that folder
 */
export async function startRegistry(
  command: string,
  settingsIn: (folder: string) => Promise<RegistrySettings> = async () => ({}),
): Promise<RegistryProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-registry-'));
  const { auth, tls, env } = await settingsIn(folder);
  const port = await freePort();
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, ...(tls && { tls }) },
    ...(auth && { auth }),
  };
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const serve = ['serve', join(folder, 'config.yml')];
  const child = spawn(command, serve, { env: { ...env, OTEL_TRACES_EXPORTER: 'none' }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(port, () => child.exitCode);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, folder, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function untilListening(port: number, exitCode: () => number | null): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (exitCode() !== null) throw new Error(`the registry ended with ${exitCode()}`);
    const socket = connect(port, '127.0.0.1');
    const listening = await new Promise<boolean>((answer) => {
      socket.once('connect', () => answer(true)).once('error', () => answer(false));
    });
    socket.destroy();
    if (listening) return;
    await delay(25);
  }
  throw new Error('the registry does not listen');
}
