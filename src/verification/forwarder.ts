import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BridgeEnd } from './bridge.ts';

/** Our side of a bridge that leads out of a sandbox. */
export interface Forwarder {
  /** Holds the socket {@link FORWARDER_SOCKET}; to be shared with the sandbox. */
  readonly folder: string;
  close(): Promise<void>;
}

export const FORWARDER_SOCKET = 'out.sock';

/** Listens at a Unix socket and forwards each connection to the one place that the sandbox may reach. */
export async function openForwarder(to: BridgeEnd): Promise<Forwarder> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-'));
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const path = join(folder, FORWARDER_SOCKET);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  // The sandbox may run as another user.
  await chmod(folder, 0o755);
  await chmod(path, 0o666);
  return {
    folder,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
