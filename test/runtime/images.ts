import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealedManifest } from '../../src/config/manifest.ts';
import { hexOf, type Digest } from '../../src/contract/digest.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { Images } from '../../src/runtime/local/unpacked.ts';

/** Images as plain folders, so that a runtime in another process reads the same ones. */
export function imagesIn(root: string): Images {
  return {
    async manifest(_component, digest) {
      const text = await readFile(join(root, hexOf(digest), 'manifest.json'), 'utf8').catch(() => {
        throw new SlipwayError('ARTIFACT_CORRUPT', `${digest}: no such image`);
      });
      return JSON.parse(text) as SealedManifest;
    },
    async unpack(_component, digest, folder) {
      await cp(join(root, hexOf(digest), 'files'), folder, { recursive: true });
    },
  };
}

export async function addImage(
  root: string,
  manifest: SealedManifest,
  files: Readonly<Record<string, string>>,
): Promise<Digest> {
  const hex = createHash('sha256')
    .update(JSON.stringify([manifest, files]))
    .digest('hex');
  const home = join(root, hex);
  await mkdir(join(home, 'files'), { recursive: true });
  await writeFile(join(home, 'manifest.json'), JSON.stringify(manifest));
  for (const [name, content] of Object.entries(files)) await writeFile(join(home, 'files', name), content);
  return `sha256:${hex}`;
}
