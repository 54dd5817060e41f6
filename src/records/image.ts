import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { ReleaseRef } from '../contract/release.ts';

/** The image that a version names. @throws ARTIFACT_CORRUPT when it names another, or none (§6: uniquely versioned). */
export async function standingImage(store: ComponentStore, { version, digest }: ReleaseRef): Promise<Descriptor> {
  const image = await store.resolve(version);
  if (image?.digest === digest) return image;
  throw new SlipwayError(
    'ARTIFACT_CORRUPT',
    `version ${version} of ${store.component} names ${image?.digest ?? 'nothing'}; expected ${digest}: restore the store, or build again`,
  );
}
