import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of compiled code of this installation, whether this module itself runs compiled or from source: processes
 * are always started from what was compiled, because Node 20 runs no TypeScript.
 */
export function compiledFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'dist');
}
