import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { assembleImage } from '../../src/artifacts/image.ts';
import type { OciManifest } from '../../src/artifacts/oci.ts';
import {
  createRegistryStore,
  type RegistryComponentStore,
  type RegistryStore,
  type RegistryStoreOptions,
} from '../../src/artifacts/registry.ts';
import type { Descriptor } from '../../src/artifacts/store.ts';
import { digestOf } from '../../src/digest-of.ts';
import { registryAddress } from '../../src/registry/address.ts';
import { PATIENCE, type Patience } from '../../src/registry/patience.ts';
import { placeOf, type Place } from '../../src/registry/place.ts';
import { createTransport, type TransportOptions } from '../../src/registry/transport.ts';
import { putManifest } from '../../src/registry/manifests.ts';
import { pushBlob, type BlobSource } from '../../src/registry/upload.ts';
import { MANIFEST, SOURCE, writeBuild } from '../artifacts/parts.ts';
import { scratchFolder, scratchStore } from '../artifacts/scratch.ts';
import { startProxy, type Proxy } from './proxy.ts';

/** As in production, but for people who wait for tests. */
export const HURRY: Patience = { ...PATIENCE, pause: 5 };

/** For a registry that hangs: with any other, on a busy machine, it would be too little. */
export const IMPATIENT: Patience = { ...HURRY, idle: 400 };

/** A repository, through a connection that is closed after the test. */
export function scratchPlace(url: string, repository: string, more: Partial<TransportOptions> = {}): Place {
  const { patience = HURRY } = more;
  const transport = createTransport({ origin: url, patience, ...more });
  onTestFinished(() => transport.close());
  return placeOf(transport, repository, patience);
}

/** A proxy that is gone after the test. */
export async function scratchProxy(upstream: string): Promise<Proxy> {
  const proxy = await startProxy(upstream);
  onTestFinished(() => proxy.close());
  return proxy;
}

export function blobOf(bytes: Buffer): BlobSource {
  return { digest: digestOf(bytes), size: bytes.byteLength, from: (offset) => [bytes.subarray(offset)] };
}

/** A whole image in a layout of its own. */
export async function scratchImage() {
  const { store, layout } = await scratchStore();
  const folder = await scratchFolder();
  await writeBuild(folder, 'plain');
  const { descriptor } = await assembleImage({ store, folder, manifest: MANIFEST, source: SOURCE });
  const bytes = await store.getBlob(descriptor.digest);
  const manifest = JSON.parse(bytes.toString()) as OciManifest;
  return { store, layout, descriptor, bytes, manifest, parts: [manifest.config, ...manifest.layers] };
}

/** Brings such an image to a registry. */
export async function pushImage(
  place: Place,
  { store, bytes, descriptor, parts }: Awaited<ReturnType<typeof scratchImage>>,
): Promise<Descriptor> {
  for (const { digest } of parts) await pushBlob(place, blobOf(await store.getBlob(digest)));
  await putManifest(place, descriptor.digest, { mediaType: descriptor.mediaType, bytes });
  return descriptor;
}

/** A store in a registry, beneath `team`. */
export function wholeStore(url: string, more: Partial<RegistryStoreOptions> = {}): RegistryStore {
  const holding = join(tmpdir(), 'slipway-registry-uploads');
  return createRegistryStore({ address: registryAddress(`${url}/team`), holding, patience: HURRY, ...more });
}

/** The store of a component in a registry, as a process of its own would open it. */
export function registryStore(
  url: string,
  component: string,
  more: Partial<RegistryStoreOptions> = {},
): RegistryComponentStore {
  return wholeStore(url, more).component(component);
}

let components = 0;

/** A component that no other test of this process works on. */
export function newComponent(): string {
  components += 1;
  return `web-${process.pid}-${components}`;
}
