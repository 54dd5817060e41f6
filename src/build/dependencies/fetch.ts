import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../config/manifest.ts';
import type { Platform } from '../../config/platform.ts';
import type { Dependencies, DependencyManager, FetchRequest } from './manager.ts';
import type { Network } from './network.ts';
import { createNpm } from './npm.ts';

/**
 * Fetches what a component's `build.dependencies` asks for; null where it asks for nothing.
 * @throws as {@link DependencyManager.fetch}
 */
export async function fetchDependencies(
  wanted: Manifest['build']['dependencies'],
  settings: { readonly build: Platform['build']; readonly network: Network },
  request: FetchRequest,
): Promise<Dependencies | null> {
  if (wanted === undefined) return null;
  const dependencies = await create(wanted, settings).fetch(request);
  await sweep(request.caches, Date.now() - KEPT);
  return dependencies;
}

function create(
  wanted: NonNullable<Manifest['build']['dependencies']>,
  { build, network }: { readonly build: Platform['build']; readonly network: Network },
): DependencyManager {
  switch (wanted) {
    case 'npm':
      return createNpm({ registry: build.npm.registry, network });
  }
}

/** Milliseconds that a cache is kept after it was last used: a build that runs has its own used lately. */
const KEPT = 30 * 24 * 3_600_000;

async function sweep(caches: string, before: number): Promise<void> {
  for (const name of await readdir(caches)) {
    const path = join(caches, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && found.mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}
