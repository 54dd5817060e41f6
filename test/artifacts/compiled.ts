import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/**
 * The store, compiled into a folder of its own: Node 20 runs no TypeScript, and `dist/` may be stale, or be written by
 * somebody else at this moment. `remove` takes it away.
 */
export async function compileStore(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-compiled-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      rootDir: root,
      outDir: folder,
      declaration: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: ['layout.ts', 'sealed.ts'].map((file) => join(root, 'src/artifacts', file)),
    include: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  try {
    await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', folder]);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder: join(folder, 'src/artifacts'), remove };
}
