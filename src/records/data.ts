import { readManifest } from '../artifacts/image.ts';
import type { ComponentStore } from '../artifacts/store.ts';
import type { ReleaseRef } from '../contract/release.ts';
import type { DataUser } from '../contract/way-back.ts';

/** What a release says of its data, as it was sealed with its image. @throws ARTIFACT_CORRUPT */
export async function dataUserOf(store: ComponentStore, { version, digest }: ReleaseRef): Promise<DataUser> {
  const { data = null } = await readManifest(store, digest);
  return { version, digest, data };
}
