import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest, removeUnpacked, unpackImage } from '../src/artifacts/image.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { openSandbox } from '../src/build/sandbox.ts';
import type { SealedManifest } from '../src/config/manifest.ts';
import type { Platform } from '../src/config/platform.ts';
import type { Digest } from '../src/contract/digest.ts';
import { createProber } from '../src/health/probe.ts';
import { startScan, type Scan } from '../src/secret-scan/apart.ts';
import type { IntegrationDeps } from '../src/verification/integration.ts';
import { createTrial } from '../src/verification/trial.ts';

/** An artifact's files, in a folder of ours. */
export interface Unpacked {
  readonly manifest: SealedManifest;
  /** Its files, read-only. */
  readonly folder: string;
  /** A folder beside them, for what else is needed. */
  readonly scratch: string;
}

/** What a throwaway instance is tried with. */
export interface Trial extends Unpacked {
  /** The kind of sandbox that it runs in. */
  readonly sandbox: string;
  readonly deps: IntegrationDeps;
}

interface Artifact {
  readonly store: ComponentStore;
  readonly digest: Digest;
}

/** Unpacks an artifact into a folder of ours for as long as `use` runs. */
export async function withUnpacked<T>(
  { scratch: parent }: { readonly scratch: string },
  { store, digest }: Artifact,
  use: (unpacked: Unpacked) => Promise<T>,
): Promise<T> {
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, 'trial-'));
  const folder = join(scratch, 'artifact');
  try {
    await unpackImage(store, digest, folder);
    const manifest = await readManifest(store, digest);
    return await use({ manifest, folder, scratch });
  } finally {
    await removeUnpacked(folder);
    await rm(scratch, { recursive: true, force: true });
  }
}

/** {@link withUnpacked}, with all that a throwaway instance of it takes. */
export async function withTrial<T>(
  deps: { readonly scratch: string },
  what: Artifact & { readonly platform: Platform },
  use: (trial: Trial) => Promise<T>,
): Promise<T> {
  const { sandbox: wanted, timeout: _, ...limits } = what.platform.build;
  const sandbox = await openSandbox(wanted);
  const prober = createProber();
  try {
    return await withUnpacked(deps, what, (unpacked) => {
      const trial = createTrial({ ...unpacked, sandbox, limits, prober });
      return use({ ...unpacked, sandbox: sandbox.kind, deps: trial });
    });
  } finally {
    await prober.close();
  }
}

/** Looks through an artifact, and through what is sealed with it, for secrets, beside whatever `use` does. */
export async function withScan<T>(
  { folder, manifest }: Unpacked,
  signal: AbortSignal,
  use: (scan: Scan) => Promise<T>,
): Promise<T> {
  const { env, command } = manifest.run;
  const variables = Object.entries(env).flatMap(([name, value]) =>
    typeof value === 'string' ? [[`slipway.yaml: run.env.${name}`, `${name}=${value}`]] : [],
  );
  const texts = Object.fromEntries([...variables, ['slipway.yaml: run.command', command.join(' ')]]);
  const scan = startScan({ folder, texts }, { signal });
  try {
    return await use(scan);
  } finally {
    await scan.stop();
  }
}
