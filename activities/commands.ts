import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { removeUnpacked, unpackImage } from '../src/artifacts/image.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { openSandbox } from '../src/build/sandbox.ts';
import type { Platform } from '../src/config/platform.ts';
import type { Digest } from '../src/contract/digest.ts';
import type { RunCommand } from '../src/health/smoke.ts';
import type { Observation } from '../src/runtime/driver.ts';
import { createSmokeCommands, endOf } from '../src/verification/smoke-command.ts';

export interface CommandDeps {
  /** Folder for work in progress. */
  readonly scratch: string;
}

export interface LiveInstance {
  readonly store: ComponentStore;
  readonly digest: Digest;
  readonly platform: Platform;
  readonly observe: () => Promise<Observation>;
}

/**
 * Runs a component's commands beside its live instance: sandboxed, without credentials, in its unpacked artifact,
 * reaching only the stable address (§10). Nothing is unpacked for a component that has no such command.
 */
export function createLiveCommands({ scratch }: CommandDeps, live: LiveInstance): RunCommand {
  return async (command, options) => {
    const folder = join(scratch, `smoke-${randomUUID()}`);
    const { sandbox: wanted, timeout: _, ...limits } = live.platform.build;
    const { address, instanceFolder } = await live.observe();
    await mkdir(scratch, { recursive: true });
    try {
      await unpackImage(live.store, live.digest, folder);
      const sandbox = await openSandbox(wanted);
      const reach = address === null ? null : endOf(address);
      const own = { sandbox, folder, reach, instanceFolder: address === null ? instanceFolder : null, limits };
      return await createSmokeCommands(own)(command, options);
    } finally {
      await removeUnpacked(folder);
      await rm(folder, { recursive: true, force: true });
    }
  };
}
