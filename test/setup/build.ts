import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = ['src', 'workflows', 'activities', 'workers', 'bench', 'tsconfig.json', 'tsconfig.build.json'];

/** Tests start real processes, which run what was compiled: compiles it first, unless nothing has changed since. */
export function setup(): void {
  const bundle = join(ROOT, 'dist', 'workflow-bundle.js');
  const built = existsSync(bundle) ? statSync(bundle).mtimeMs : 0;
  const newest = Math.max(...SOURCES.map((source) => newestIn(join(ROOT, source))));
  if (newest > built) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
}

function newestIn(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return own.mtimeMs;
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}
