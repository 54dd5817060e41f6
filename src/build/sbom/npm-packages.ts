import { nameAt, placeOf, type NpmLock, type NpmLockEntry } from '../dependencies/npm-lock.ts';

/** One package of a lock file, in one version, wherever and however often it is installed. */
export interface LockedPackage {
  /** `name@version` */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Subresource integrity: `sha512-<base64>`; absent for what comes within another package. */
  readonly integrity?: string;
  /** As the lock file has it; SPDX where its author knew. */
  readonly license?: string;
  /** Of the component itself: a build needs those that are `dev`, and an instance can do without the optional ones. */
  readonly need: 'required' | 'optional' | 'dev';
  /** Ids of the packages that it finds by those names that it asks for. */
  readonly dependsOn: ReadonlySet<string>;
}

export interface LockedPackages {
  readonly packages: readonly LockedPackage[];
  /** Ids of those that the component itself asks for. */
  readonly direct: ReadonlySet<string>;
}

/** Everything that a lock file names, with who depends on whom, as Node would find it. */
export function packagesIn(lock: NpmLock): LockedPackages {
  const packages = new Map<string, LockedPackage>();
  for (const [path, entry] of lock) {
    if (path === '' || entry.link === true) continue;
    const id = idAt(path, entry);
    const dependsOn = askedFor(lock, path, entry);
    const before = packages.get(id);
    packages.set(id, {
      id,
      name: nameAt(path, entry) ?? entry.name ?? path,
      version: entry.version ?? '',
      ...(entry.integrity !== undefined && { integrity: entry.integrity }),
      ...(entry.license !== undefined && { license: entry.license }),
      ...before,
      need: stronger(needOf(entry), before?.need),
      dependsOn: new Set([...(before?.dependsOn ?? []), ...dependsOn]),
    });
  }
  const root = lock.get('');
  return { packages: [...packages.values()], direct: root === undefined ? new Set() : askedFor(lock, '', root) };
}

function idAt(path: string, entry: NpmLockEntry): string {
  return `${nameAt(path, entry) ?? entry.name ?? path}@${entry.version ?? ''}`;
}

/** What it asks for and what is there: optional ones and peers may be missing. */
function askedFor(lock: NpmLock, path: string, entry: NpmLockEntry): Set<string> {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = entry;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies });
  const found = new Set<string>();
  for (const name of names) {
    const place = placeOf(lock, path, name);
    const there = place === null ? undefined : lock.get(place);
    if (place !== null && there !== undefined) found.add(idAt(place, there));
  }
  return found;
}

function needOf({ dev, optional, devOptional }: NpmLockEntry): LockedPackage['need'] {
  if (dev === true) return 'dev';
  return optional === true || devOptional === true ? 'optional' : 'required';
}

const NEEDS: readonly LockedPackage['need'][] = ['required', 'optional', 'dev'];

function stronger(a: LockedPackage['need'], b: LockedPackage['need'] = a): LockedPackage['need'] {
  return NEEDS.indexOf(a) < NEEDS.indexOf(b) ? a : b;
}
