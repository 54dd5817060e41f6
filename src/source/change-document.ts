import { CHANGE_ID, type Change, changeSchema } from '../config/change.ts';
import { readYaml } from '../config/read.ts';
import { SlipwayError } from '../contract/failure.ts';
import { unsafePath } from './safe-path.ts';

/** A change document that was found: what it says, or why it says nothing. */
export type ChangeDocument =
  | { readonly id: string; readonly change: Change }
  | { readonly id: string; readonly failure: SlipwayError };

/** Where the document of a change stands in its source. */
export function changeFile(id: string): string {
  return `changes/${id}.yaml`;
}

/** The id whose document stands at `path`, or null when no document does. */
export function changeIdOf(path: string): string | null {
  const id = /^changes\/([^/]+)\.yaml$/.exec(path)?.[1];
  return id !== undefined && CHANGE_ID.test(id) ? id : null;
}

/** The ids on the `Change: <ID>` lines of a commit's message. */
export function changesNamedIn(message: string): readonly string[] {
  const ids = [...message.matchAll(/^Change:[ \t]+(\S+)[ \t]*\r?$/gm)].map((match) => match[1] ?? '');
  return [...new Set(ids.filter((id) => CHANGE_ID.test(id)))];
}

/** Reads `changes/<id>.yaml`. Its failure is CHANGE_DOCUMENT_INVALID, CHANGE_DOCUMENT_WRONG_ID or UNSAFE_PATH. */
export function readChangeDocument(id: string, bytes: Uint8Array): ChangeDocument {
  const file = changeFile(id);
  try {
    const change = readYaml(changeSchema, bytes, file, 'CHANGE_DOCUMENT_INVALID');
    if (change.id !== id) {
      const message = `${file}  id: found ${change.id}, expected ${id} as in the file's name; rename one of the two`;
      return { id, failure: new SlipwayError('CHANGE_DOCUMENT_WRONG_ID', message) };
    }
    for (const [index, glob] of change.scope.entries()) {
      const found = unsafePath(glob);
      if (found === null) continue;
      const message = `${file}  scope.${index}: found ${found}, ${JSON.stringify(glob)}, expected a glob from the repository's root; correct it`;
      return { id, failure: new SlipwayError('UNSAFE_PATH', message) };
    }
    return { id, change };
  } catch (error) {
    if (error instanceof SlipwayError) return { id, failure: error };
    throw error;
  }
}
