import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** Compiled code in a folder of its own, which an ordinary user may read. */
export interface Compiled {
  /** The repository's layout, as JavaScript. */
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/**
 * Compiles files of the repository (paths from its root) and all that they import, for processes that a test starts:
 * Node 20 runs no TypeScript, and `dist/` holds no code of the tests.
 */
export async function compile(...files: readonly string[]): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-compiled-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const typeRoots = [join(root, 'node_modules/@types')];
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { rootDir: root, outDir: folder, declaration: false, typeRoots },
    files: files.map((file) => join(root, file)),
    include: [],
  };
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  try {
    await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', folder]);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}
