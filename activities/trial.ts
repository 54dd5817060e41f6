import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest, removeUnpacked, unpackImage } from '../src/artifacts/image.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { openSandbox } from '../src/build/sandbox.ts';
import type { SealedManifest } from '../src/config/manifest.ts';
import type { Platform } from '../src/config/platform.ts';
import type { Digest } from '../src/contract/digest.ts';
import { createProber } from '../src/health/probe.ts';
import type { IntegrationDeps } from '../src/verification/integration.ts';
import { createTrial } from '../src/verification/trial.ts';

/** What a throwaway instance is tried with. */
export interface Trial {
  readonly manifest: SealedManifest;
  /** The kind of sandbox that it runs in. */
  readonly sandbox: string;
  readonly deps: IntegrationDeps;
}

/** Unpacks an artifact into a folder of ours for as long as `use` runs, with all that a throwaway instance of it takes. */
export async function withTrial<T>(
  { scratch: parent }: { readonly scratch: string },
  what: { readonly store: ComponentStore; readonly digest: Digest; readonly platform: Platform },
  use: (trial: Trial) => Promise<T>,
): Promise<T> {
  const { store, digest, platform } = what;
  const { sandbox: wanted, timeout: _, ...limits } = platform.build;
  const sandbox = await openSandbox(wanted);
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, 'trial-'));
  const folder = join(scratch, 'artifact');
  const prober = createProber();
  try {
    await unpackImage(store, digest, folder);
    const manifest = await readManifest(store, digest);
    return await use({
      manifest,
      sandbox: sandbox.kind,
      deps: createTrial({ sandbox, folder, scratch, limits, prober }),
    });
  } finally {
    await prober.close();
    await removeUnpacked(folder);
    await rm(scratch, { recursive: true, force: true });
  }
}
