import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeUnpacked } from '../../artifacts/unpack.ts';
import type { SealedManifest } from '../../config/manifest.ts';
import { hexOf, type Digest } from '../../contract/digest.ts';
import { effect, type Midway } from '../../failpoints.ts';

/** Reads images from the artifact store; both fail with ARTIFACT_CORRUPT when the bytes are not those of the digest. */
export interface Images {
  manifest(component: string, digest: Digest): Promise<SealedManifest>;
  /** Unpacks the image's files, read-only, into an empty folder. */
  unpack(component: string, digest: Digest, folder: string): Promise<void>;
}

/** An artifact, unpacked and read-only, with what was sealed with it. A restart needs no store. */
export interface UnpackedArtifact {
  readonly manifest: SealedManifest;
  readonly files: string;
}

export interface UnpackedArtifacts {
  /** @throws ARTIFACT_CORRUPT, STORE_UNAVAILABLE as `Images` does. */
  open(component: string, digest: Digest): Promise<UnpackedArtifact>;
  /** Deletes all but these, and what a crash left half unpacked. Only while nothing else uses the folder. */
  keepOnly(digests: readonly Digest[]): Promise<void>;
}

/** Artifacts by digest below `folder`: complete under their name, or not there. */
export function createUnpackedArtifacts({ folder, images }: { folder: string; images: Images }): UnpackedArtifacts {
  const opened = new Map<string, UnpackedArtifact>();

  async function read(home: string): Promise<UnpackedArtifact | null> {
    const known = opened.get(home);
    if (known !== undefined) return known;
    const text = await readFile(join(home, 'manifest.json'), 'utf8').catch(() => null);
    if (text === null) return null;
    const artifact = { manifest: JSON.parse(text) as SealedManifest, files: join(home, 'files') };
    opened.set(home, artifact);
    return artifact;
  }

  async function unpack(component: string, digest: Digest, home: string, midway: Midway): Promise<void> {
    const draft = join(folder, `draft-${randomUUID()}`);
    try {
      const files = join(draft, 'files');
      await mkdir(files, { recursive: true });
      await writeFile(join(draft, 'manifest.json'), JSON.stringify(await images.manifest(component, digest)));
      await images.unpack(component, digest, files);
      midway();
      await rename(draft, home);
    } catch (error) {
      await removeUnpacked(draft);
      // Somebody unpacked the same digest meanwhile: his is as good.
      if ((await read(home)) === null) throw error;
    }
  }

  return {
    async open(component, digest) {
      const home = join(folder, hexOf(digest));
      const found = await read(home);
      if (found !== null) return found;
      await effect('driver.unpack-artifact', home, (midway) => unpack(component, digest, home, midway));
      return (await read(home)) as UnpackedArtifact;
    },
    async keepOnly(digests) {
      const kept = new Set(digests.map(hexOf));
      await effect('driver.drop-artifacts', folder, async (midway) => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        midway();
        const dropped = (await readdir(folder)).filter((name) => !kept.has(name));
        await Promise.all(dropped.map((name) => removeUnpacked(join(folder, name))));
      });
    },
  };
}
