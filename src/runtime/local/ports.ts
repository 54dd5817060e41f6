import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Both ranges lie below that from which systems take ports for outgoing connections (32768 and up on Linux). */
const STABLE = { first: 20_000, last: 31_999 };
const INSTANCE = { first: 10_000, last: 19_999 };

/** A free loopback port for a stable address. `seed`: hex digits that pick where to begin, so that runtimes spread. */
export function findStablePort(seed: string, taken: ReadonlySet<number>): Promise<number> {
  return findPort(STABLE, Number.parseInt(seed.slice(0, 8), 16), taken);
}

/** A free loopback port for an instance; begins anywhere, so that two at once do not find the same one. */
export function findInstancePort(): Promise<number> {
  return findPort(INSTANCE, randomInt(INSTANCE.last), new Set());
}

async function findPort(
  { first, last }: { first: number; last: number },
  start: number,
  taken: ReadonlySet<number>,
): Promise<number> {
  const size = last - first + 1;
  for (let step = 0; step < size; step += 1) {
    const port = first + ((start + step) % size);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port on 127.0.0.1 from ${first} to ${last}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
