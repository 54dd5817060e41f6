import { NPM_REGISTRY } from '../../config/platform.ts';
import { nameAt, parentOf, type NpmLock, type NpmLockEntry } from './npm-lock.ts';

/**
 * Why a lock file does not pin what it names, so that nothing is fetched by it: the place in it, what was found there
 * and what was expected; null when it fits. Whoever holds the lock file must know every byte that is installed, and
 * only the registry is asked for them.
 * @param registry the platform's, with or without a `/` at its end
 */
export function whyUnfit(lock: NpmLock, registry: string): string | null {
  if (!lock.has('')) return 'found no entry "" for the component itself; expected one';
  const integrities = new Map<string, string>();
  for (const [path, entry] of lock) {
    if (path === '') continue;
    const wrong = whyUnpinned(lock, path, entry, registry);
    if (wrong !== null) return `${path}: ${wrong}`;
    const { integrity } = entry;
    if (integrity === undefined) continue;
    const release = `${nameAt(path, entry)}@${entry.version}`;
    const other = integrities.get(release) ?? integrity;
    if (other !== integrity)
      return `${path}: found integrity ${integrity} of ${release}, expected ${other} as elsewhere`;
    integrities.set(release, integrity);
  }
  return null;
}

function whyUnpinned(lock: NpmLock, path: string, entry: NpmLockEntry, registry: string): string | null {
  const name = nameAt(path, entry);
  if (entry.link === true) return `found a link to ${entry.resolved ?? 'nowhere'}, expected a package of the registry`;
  if (name === null) return 'found a workspace, expected packages of the registry only';
  const { version, resolved, integrity } = entry;
  if (version === undefined) return 'found no version, expected one';
  const wrong = resolved === undefined ? null : whyElsewhere(resolved, name, registry);
  if (wrong !== null) return wrong;
  if (integrity === undefined) {
    return isBundled(lock, path, entry) ? null : 'found no integrity, expected sha512-…';
  }
  return /(?:^|\s)sha(?:256|384|512)-\S{43}/.test(integrity)
    ? null
    : `found integrity ${integrity.slice(0, 40)}, expected sha512-…`;
}

/** It comes within the tarball of a package above it, whose integrity is its own. */
function isBundled(lock: NpmLock, path: string, { inBundle, resolved }: NpmLockEntry): boolean {
  if (inBundle !== true || resolved !== undefined) return false;
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) {
    const { bundleDependencies = false, integrity } = lock.get(at) ?? {};
    const bundles = bundleDependencies === true || (Array.isArray(bundleDependencies) && bundleDependencies.length > 0);
    if (bundles && integrity !== undefined) return true;
  }
  return false;
}

function whyElsewhere(resolved: string, name: string, registry: string): string | null {
  const expected = `expected a package of the registry (${registry})`;
  if (!URL.canParse(resolved)) return `found ${shown(resolved)}, ${expected}`;
  const url = new URL(resolved);
  if (isBelow(url, NPM_REGISTRY)) {
    const own = `/${name}/-/`;
    return decoded(url.pathname).startsWith(own) ? null : `found ${shown(resolved)}, expected ${own}… as it is ${name}`;
  }
  return isBelow(url, registry) ? null : `found ${shown(resolved)}, ${expected}`;
}

function isBelow(url: URL, registry: string): boolean {
  const { origin, pathname } = new URL(registry);
  const folder = pathname.endsWith('/') ? pathname : `${pathname}/`;
  const plain = url.username === '' && url.password === '' && url.search === '';
  return plain && url.origin === origin && url.pathname.startsWith(folder);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Without what may be a password, and no longer than a line. */
function shown(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//…@').slice(0, 200);
}
