import { createServer } from 'node:net';

/** Stable ports lie below the range from which systems take ports for outgoing connections (32768 on Linux). */
const FIRST = 20_000;
const LAST = 31_999;

/** A free loopback port for a stable address, looked for from a place that `seed` picks, so that runtimes spread. */
export async function findStablePort(seed: string, taken: ReadonlySet<number>): Promise<number> {
  const size = LAST - FIRST + 1;
  const start = Number.parseInt(seed.slice(0, 8), 16) % size;
  for (let step = 0; step < size; step += 1) {
    const port = FIRST + ((start + step) % size);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port on 127.0.0.1 from ${FIRST} to ${LAST}`);
}

/** A free loopback port for an instance. */
export async function findInstancePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === null) throw new Error('no free port on 127.0.0.1');
  return port;
}

async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null;
}

function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
