import { readSealedBlob, sealBlob } from '../artifacts/sealed.ts';
import type { ComponentStore } from '../artifacts/store.ts';
import type { Environment, Platform } from '../config/platform.ts';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { digestOf } from '../digest-of.ts';
import { DOCUMENT } from './document-types.ts';
import { nameOf } from './names.ts';

/** Keeps the platform file that a deployment goes by; each of its stages reads that content, not the file of today. */
export async function keepPlatform(store: ComponentStore, bytes: Uint8Array, digest: Digest): Promise<void> {
  const name = nameOf.platform(digest);
  await sealBlob({ store, name, artifactType: DOCUMENT.platform, mediaType: 'application/yaml', bytes });
}

/** @throws ARTIFACT_CORRUPT when it is missing or changed. */
export async function readPlatform(store: ComponentStore, digest: Digest): Promise<Buffer> {
  const bytes = await readSealedBlob(store, nameOf.platform(digest));
  if (bytes !== null && digestOf(bytes) === digest) return bytes;
  const found = bytes === null ? 'is not in the store' : `is ${digestOf(bytes)} there`;
  throw new SlipwayError(
    'ARTIFACT_CORRUPT',
    `the platform file ${digest} ${found}: restore it from a copy of the store`,
  );
}

/** @throws UNKNOWN_ENVIRONMENT */
export function environmentOf(platform: Platform, environment: string): Environment {
  const found = Object.hasOwn(platform.environments, environment) ? platform.environments[environment] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(platform.environments).join(', ');
  throw new SlipwayError(
    'UNKNOWN_ENVIRONMENT',
    `environment ${environment} is not declared in platform.yaml; declared: ${known}`,
  );
}
