import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devServer, untilServing, type DevServer } from '../../src/temporal/dev-server.ts';
import { findServer } from '../../src/temporal/find-server.ts';
import { createSupervisor } from '../../src/up/supervisor.ts';

export interface RunningServer {
  readonly server: DevServer;
  close(): Promise<void>;
}

/**
 * A real development server, got and started the way `slipway up` does it.
 * @param flags more of its command line.
 */
export async function startServer(flags: readonly string[] = []): Promise<RunningServer> {
  const state = await mkdtemp(join(tmpdir(), 'slipway-server-'));
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const found = await findServer({ env });
  if (found.kind !== 'binary') throw new Error('the tests start a server of their own');
  const server = await devServer(found.path, state);
  const supervisor = createSupervisor({ logs: join(state, 'logs'), report: () => {} });
  await supervisor.start({
    name: 'temporal',
    command: server.command,
    args: [...server.args, ...flags],
    env,
    ready: (signal) => untilServing(server.location, signal),
    absence: 'TEMPORAL_UNAVAILABLE',
    stopWithin: 5_000,
  });
  return {
    server,
    close: async () => {
      await supervisor.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}
