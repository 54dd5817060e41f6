import { type Manifest, manifestSchema } from '../config/manifest.ts';
import { readYaml } from '../config/read.ts';
import { SlipwayError } from '../contract/failure.ts';
import { globMatcher } from './glob.ts';
import type { PathFilter, SourceRepository } from './repository.ts';

/** A component as it stands at one revision of a source. */
export interface SourceComponent {
  /** From the repository's root; empty when it is the root. */
  readonly folder: string;
  /** Path of its `slipway.yaml`. */
  readonly file: string;
  readonly manifest: Manifest;
}

/** Which paths of the repository belong to a component: its folder, and what `build.inputs` names (DESIGN, "Files people write"). */
export function componentFiles(component: { readonly folder: string; readonly inputs: readonly string[] }): PathFilter {
  const prefix = component.folder === '' ? '' : `${component.folder}/`;
  const isInput = globMatcher(component.inputs);
  return (path) => path.startsWith(prefix) || isInput(path);
}

/**
 * The component's folder is the folder of the only `slipway.yaml` at that revision which names it. Another component's
 * broken manifest stops nobody but that component.
 * @throws UNKNOWN_COMPONENT, DUPLICATE_COMPONENT, MANIFEST_INVALID
 */
export async function findComponent(
  repository: SourceRepository,
  revision: string,
  component: string,
): Promise<SourceComponent> {
  const files = await repository.readAll(revision, (path) => path === 'slipway.yaml' || path.endsWith('/slipway.yaml'));
  const found = [...files].map(([file, bytes]) => readManifest(file, bytes));
  const [only, ...others] = found.filter(({ name }) => name === component);
  const at = `source ${repository.name} at ${revision.slice(0, 12)}`;

  if (only === undefined) {
    const known = found.flatMap(({ name }) => name ?? []).toSorted();
    const unreadable = found.flatMap(({ name, file }) => (name === null ? [file] : []));
    const also = unreadable.length === 0 ? '' : ` (and what ${unreadable.join(', ')} names cannot be read)`;
    throw new SlipwayError(
      'UNKNOWN_COMPONENT',
      `${at}: found no slipway.yaml for ${component}, expected one of ${known.join(', ') || 'none'}${also}; correct the name, or add its slipway.yaml`,
    );
  }
  if (others.length > 0) {
    const places = [only, ...others].map(({ file }) => file).join(' and ');
    throw new SlipwayError(
      'DUPLICATE_COMPONENT',
      `${at}: found ${component} in ${places}, expected one; rename the others`,
    );
  }
  if ('failure' in only) throw only.failure;
  return { folder: only.file.split('/').slice(0, -1).join('/'), file: only.file, manifest: only.manifest };
}

type FoundManifest =
  | { readonly file: string; readonly name: string; readonly manifest: Manifest }
  | { readonly file: string; readonly name: string | null; readonly failure: SlipwayError };

function readManifest(file: string, bytes: Buffer): FoundManifest {
  try {
    const manifest = readYaml(manifestSchema, bytes, file, 'MANIFEST_INVALID');
    return { file, name: manifest.component, manifest };
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    // What is broken still names a component, as far as a person would say so.
    const name = /^component:[ \t]*["']?([a-z][a-z0-9-]*)/m.exec(bytes.toString())?.[1] ?? null;
    return { file, name, failure: error };
  }
}
