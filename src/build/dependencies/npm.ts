import { mkdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { hexOf, type Digest } from '../../contract/digest.ts';
import { SlipwayError } from '../../contract/failure.ts';
import { digestOf } from '../../digest-of.ts';
import { readOutput } from '../output.ts';
import { UNASSIGNED_UIDS, type SandboxJob, type Share } from '../sandbox.ts';
import { packSources } from '../sources.ts';
import type { Dependencies, DependencyManager, FetchRequest } from './manager.ts';
import type { Network } from './network.ts';
import { refuseUnlocked } from './npm-cache.ts';
import { judgeNpm, type NpmFailure } from './npm-failure.ts';
import { findLocked, type Locked } from './npm-locked.ts';

export interface NpmSettings {
  /** The platform's `build.npm.registry`. */
  readonly registry: string;
  readonly network: Network;
}

/**
 * npm: `npm ci` by the component's lock file, once with network into a cache, then from that cache without. Neither runs
 * a script of a package, and neither reads an .npmrc: a component's own could send npm elsewhere.
 */
export function createNpm(settings: NpmSettings): DependencyManager {
  return {
    name: 'npm',
    async fetch(request) {
      const locked = findLocked(request, settings.registry);
      const cache = join(request.caches, `npm-${hexOf(keyOf(locked, settings.registry))}`);
      const version = (await versionIn(cache)) ?? (await fill(cache, locked, request, settings));
      const now = new Date();
      await utimes(cache, now, now);
      return dependenciesIn(cache, version, locked, { ...request, ...settings });
    },
  };
}

/** All that decides what is fetched. */
function keyOf({ digest, manifest }: Locked, registry: string): Digest {
  return digestOf(Buffer.from(JSON.stringify([digest, digestOf(manifest.content), registry])));
}

/** The npm that filled a cache; null when there is none. */
async function versionIn(cache: string): Promise<string | null> {
  const found = await readFile(join(cache, VERSION), 'utf8').catch(() => null);
  return found === null ? null : found.trim();
}

/** Stands in the cache, beside npm's own files: which npm it was. */
const VERSION = 'npm-version';

/** In a sandbox as every build, but with network; the cache comes out of it as an output does, and is there whole or not at all. */
async function fill(
  cache: string,
  locked: Locked,
  { caches, sandbox, limits, signal }: FetchRequest,
  { registry, network }: NpmSettings,
): Promise<string> {
  await mkdir(caches, { recursive: true });
  const draft = `${cache}.${randomUUID()}`;
  const tar = `${draft}.tar`;
  const { certificates, proxies } = network;
  const shares: Share[] = certificates === null ? [] : [{ from: certificates, at: CERTIFICATES, writable: false }];
  const files = [locked.manifest, locked.lock];
  try {
    const result = await sandbox.run(
      {
        command: ['sh', '-c', `mkdir cache && npm --version >cache/${VERSION} && exec npm ci --ignore-scripts`],
        workingFolder: AT,
        environment: {
          ...SETTINGS,
          ...proxies,
          PATH: sandbox.path,
          npm_config_cache: { place: `${AT}/cache` },
          npm_config_registry: registry,
          npm_config_fetch_retries: '1',
          npm_config_fetch_retry_mintimeout: '500',
          npm_config_fetch_timeout: String(Math.min(limits.timeout, 60_000)),
          ...(certificates !== null && { NODE_EXTRA_CA_CERTS: { place: CERTIFICATES } }),
        },
        identity: { user: 'chandler', uid: UNASSIGNED_UIDS.first, host: 'quay', umask: '022' },
        files: { ...packSources(files, { folder: '', order: 'sorted', mtime: 0 }), at: AT },
        shares,
        network: true,
        output: { folder: 'cache', file: tar },
        limits,
      },
      signal,
    );
    if (result.ended !== 'exited' || result.exitCode !== 0 || result.output !== 'packed') {
      throw failed(locked, judgeNpm(result, limits));
    }
    await refuseUnlocked(draft, await readOutput(tar, draft), locked);
    await place(draft, cache);
    return (await versionIn(cache)) ?? 'unknown';
  } finally {
    await Promise.all([tar, draft].map((path) => rm(path, { recursive: true, force: true })));
  }
}

/** Another build may have been as fast; one cache is as good as the other. */
async function place(draft: string, cache: string): Promise<void> {
  try {
    await rename(draft, cache);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

function dependenciesIn(
  cache: string,
  version: string,
  locked: Locked,
  { registry, limits }: FetchRequest & NpmSettings,
): Dependencies {
  const { path, digest, packages, lock } = locked;
  return {
    fetched: { manager: `npm ${version}`, lock: { path, digest }, packages },
    inside: {
      share: { from: cache, at: PACKAGES, writable: false },
      environment: {
        ...SETTINGS,
        SLIPWAY_PACKAGES: { place: PACKAGES },
        npm_config_cache: { place: '/tmp/npm' },
        npm_config_offline: 'true',
        npm_config_registry: registry,
      },
      prepare: installing(lock.path),
      async whyUnprepared(result) {
        const failure = judgeNpm(result, limits);
        if (failure.code === 'DEPENDENCIES_INVALID' && !/^npm (?:error|ERR!) code EINTEGRITY/m.test(result.log))
          return failed(locked, failure);
        await rm(cache, { recursive: true, force: true });
        const todo = 'the cache is given up, and is fetched anew at the next try';
        return failed(locked, { ...failure, code: 'DEPENDENCIES_UNAVAILABLE', todo });
      },
    },
  };
}

const AT = '/fetch/package';
const PACKAGES = '/packages';
const CERTIFICATES = '/run/slipway/certificates.pem';

/** Of every npm that we run, and of those that a build runs. Of its files of settings, none is there. */
const SETTINGS: SandboxJob['environment'] = {
  HOME: { place: '/tmp' },
  TMPDIR: { place: '/tmp' },
  npm_config_globalconfig: { place: '/tmp/no-global-npmrc' },
  npm_config_logs_max: '0',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
};

/**
 * In a folder of its own, so that npm sees what the fetch saw, and on the component's file system, so that it moves at
 * once. npm finds nothing in a cache whose index it cannot write, so it gets a copy of that.
 */
function installing(lock: string): string {
  return `set -e
mkdir -p "$npm_config_cache/_cacache"
cp -r "$SLIPWAY_PACKAGES/_cacache/index-v5" "$npm_config_cache/_cacache"
ln -s "$SLIPWAY_PACKAGES/_cacache/content-v2" "$npm_config_cache/_cacache/content-v2"
at=$(mktemp -d ./npm-XXXXXX)
cp package.json ${lock} "$at"
(cd "$at" && npm ci --ignore-scripts)
rm -rf node_modules
if [ -d "$at/node_modules" ]; then mv "$at/node_modules" .; fi
rm -rf "$at"`;
}

function failed({ path }: Locked, { code, found, todo }: NpmFailure): SlipwayError {
  return new SlipwayError(code, `${path}: ${found.trimEnd()}\nExpected its packages; ${todo}.`);
}
