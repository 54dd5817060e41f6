import { chmod, link, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImageParts } from '../../src/artifacts/image.ts';
import type { SealedManifest } from '../../src/config/manifest.ts';
import { STATEMENT_TYPE, type Statement } from '../../src/contract/envelope.ts';

export const MANIFEST: SealedManifest = {
  component: 'storefront',
  kind: 'storefront',
  run: {
    command: ['node', 'server.mjs'],
    env: { LOG_LEVEL: 'info', CATALOG_URL: { address: 'catalog' }, GREETING: 'a=b' },
    startWithin: 30_000,
  },
  health: { path: '/healthz', interval: 1000, timeout: 1000, failures: 3 },
  smoke: [{ name: 'home page', path: '/', status: 200, timeout: 5000, at: ['live'] }],
};

export const SOURCE: ImageParts['source'] = {
  repository: 'shop',
  revision: '4f0c1d2e3a4b5c6d7e8f90123456789abcdef012',
  committedAt: Date.UTC(2026, 10, 23, 12) / 1000,
};

export function statement(predicate: unknown): Statement {
  const subject = [{ name: 'storefront', digest: { sha256: 'a'.repeat(64) } }];
  return { _type: STATEMENT_TYPE, subject, predicateType: 'https://slipway.dev/stage/v1', predicate };
}

const FILES = [
  'server.mjs',
  'a.txt',
  'a/b.txt',
  'a/Z.txt',
  'public/ü and a space.txt',
  'empty',
  `${'deep/'.repeat(30)}x`,
];

/** The same built files, made in one of two ways that must not matter. */
export async function writeBuild(folder: string, way: 'plain' | 'other'): Promise<void> {
  const umask = process.umask(way === 'plain' ? 0o022 : 0o077);
  try {
    for (const path of way === 'plain' ? FILES : FILES.toReversed()) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), path === 'empty' ? '' : `the content of ${path}\n`);
    }
    await chmod(join(folder, 'server.mjs'), way === 'plain' ? 0o755 : 0o4700);
    await symlink('../server.mjs', join(folder, 'a', 'server'));
    await mkdir(join(folder, 'nothing'));
    if (way === 'plain') await writeFile(join(folder, 'copy'), `the content of a.txt\n`);
    else await link(join(folder, 'a.txt'), join(folder, 'copy'));
    if (way === 'other') await utimes(join(folder, 'a.txt'), 1, 1);
  } finally {
    process.umask(umask);
  }
}
