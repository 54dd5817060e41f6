import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { removeUnpacked } from '../../src/artifacts/image.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import type { Digest } from '../../src/contract/digest.ts';

/** A folder that is gone after the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-artifacts-'));
  onTestFinished(() => removeUnpacked(folder));
  return folder;
}

/** An empty store of the component `storefront`, and where its layout lies. */
export async function scratchStore(): Promise<{ path: string; layout: string; store: ComponentStore }> {
  const path = await scratchFolder();
  return { path, layout: join(path, 'storefront'), store: createLayoutStore({ path }).component('storefront') };
}

/** The file of a blob. */
export function blobFile(layout: string, digest: Digest): string {
  return join(layout, 'blobs', 'sha256', digest.slice('sha256:'.length));
}

/** Runs `act` as somebody whom file modes hold back; root is nobody's `EACCES`. */
export async function asOrdinaryUser<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}
