import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A registry of somebody else's making, found on this machine. */
export interface RegistryProgram {
  readonly name: string;
  /** Null where it is not installed. */
  readonly command: string | null;
  /** What to do about that. */
  readonly missing: string;
}

function programNamed(...names: readonly string[]): string | null {
  const go = spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' });
  const folders = [
    ...(process.env['PATH'] ?? '').split(':'),
    ...(go.status === 0 ? [join(go.stdout.trim(), 'bin')] : []),
  ];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((file) => existsSync(file)) ?? null;
}

export const DOCKER_REGISTRY: RegistryProgram = {
  name: 'docker-registry 2.8',
  command: programNamed('docker-registry'),
  missing: 'docker-registry is not installed here: apt-get install docker-registry',
};

export const DISTRIBUTION: RegistryProgram = {
  name: 'distribution 3.0',
  command: process.env['SLIPWAY_TEST_REGISTRY'] ?? programNamed('registry'),
  missing:
    'distribution is not installed here: go install github.com/distribution/distribution/v3/cmd/registry@v3.0.0, and PATH or SLIPWAY_TEST_REGISTRY',
};

export interface RegistryProcess {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Where it keeps its files. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** Whom {@link startRegistry} lets in with `password`, beside the user slipway with s3cret: long enough to be looked for. */
export const CANARY_USER = { user: 'canary', password: 'kan+/?&~5f3a9c0e7b1d2846a0c4/end' };

const HTPASSWD = `slipway:$2b$04$vL4CHFbUPp8fve3eOf0DruxlRsTRLXRes01hWOZFDE2eARvk3VOGa
canary:$2b$04$vL4CHFbUPp8fve3eOf0DrunjL0s0MTy1Q8NGNjTrDnjRnW1Mk4OBy
`;

/** Starts a registry with a folder of its own, and waits until it answers. */
export async function startRegistry(
  { command, missing }: RegistryProgram,
  { password = false, tls }: { password?: boolean; tls?: { certificate: string; key: string } } = {},
): Promise<RegistryProcess> {
  if (command === null) throw new Error(missing);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-registry-'));
  const port = await freePort();
  const scheme = tls === undefined ? 'http' : 'https';
  await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  const auth = { htpasswd: { realm: 'slipway', path: join(folder, 'htpasswd') } };
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, ...(tls && { tls }) },
    ...(password && { auth }),
  };
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const env = { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' };
  const child = spawn(command, ['serve', join(folder, 'config.yml')], { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await untilListening(port, () => child.exitCode);
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    folder,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function untilListening(port: number, exitCode: () => number | null): Promise<void> {
  const { connect } = await import('node:net');
  for (let tries = 0; tries < 400; tries += 1) {
    if (exitCode() !== null) throw new Error(`the registry ended with ${exitCode()}`);
    const socket = connect(port, '127.0.0.1');
    const listening = await new Promise<boolean>((answer) => {
      socket.once('connect', () => answer(true)).once('error', () => answer(false));
    });
    socket.destroy();
    if (listening) return;
    await sleep(25);
  }
  throw new Error('the registry does not listen');
}
