import { Enums, Models, Serialize, Spec, SPDX } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import { hexOf, type Digest } from '../../contract/digest.ts';
import type { LockedPackage, LockedPackages } from './npm-packages.ts';

export interface SbomParts {
  readonly component: string;
  /** The artifact: what the document is about. */
  readonly version: string;
  readonly digest: Digest;
  /** Seconds since 1970 of the commit: the document's time, as it is that of everything in the artifact. */
  readonly committedAt: number;
  /** The image that it was appended to. */
  readonly base: { readonly reference: string; readonly digest: Digest } | null;
  /** What the lock file names; null where there is none that can be read. */
  readonly packages: LockedPackages | null;
}

/**
 * An artifact's software bill of materials, CycloneDX 1.6 as JSON: the component, its base image, and everything that
 * its lock file names. The same artifact has the same document, byte for byte, wherever and whenever it is made.
 */
export function describeArtifact(parts: SbomParts): Buffer {
  const { component, version, digest, committedAt, base, packages } = parts;
  const root = new Models.Component(Enums.ComponentType.Application, component, {
    bomRef: component,
    version,
    purl: new PackageURL('oci', undefined, component, digest).toString(),
    hashes: sha256(digest),
  });
  const bom = new Models.Bom({
    metadata: new Models.Metadata({
      timestamp: new Date(committedAt * 1000),
      component: root,
      tools: new Models.Tools({
        components: new Models.ComponentRepository([new Models.Component(Enums.ComponentType.Application, 'slipway')]),
      }),
    }),
  });
  if (base !== null) {
    const image = baseImage(base);
    bom.components.add(image);
    root.dependencies.add(image.bomRef);
  }
  if (packages !== null) addPackages(bom, root, packages);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  // In the order that it was given: the library would sort by the locale of this process.
  return Buffer.from(serializer.serialize(bom, { sortLists: false, space: 1 }));
}

function addPackages(bom: Models.Bom, root: Models.Component, { packages, direct }: LockedPackages): void {
  const components = new Map(packages.map((each) => [each.id, npmComponent(each)]));
  const link = (from: Models.Component, ids: ReadonlySet<string>): void => {
    for (const id of [...ids].toSorted(byCode)) {
      const to = components.get(id);
      if (to !== undefined) from.dependencies.add(to.bomRef);
    }
  };
  for (const { id, dependsOn } of packages.toSorted((a, b) => byCode(a.id, b.id))) {
    const component = components.get(id);
    if (component === undefined) continue;
    bom.components.add(component);
    link(component, dependsOn);
  }
  link(root, direct);
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

const SCOPE = {
  required: Enums.ComponentScope.Required,
  optional: Enums.ComponentScope.Optional,
  dev: Enums.ComponentScope.Excluded,
} as const satisfies Record<LockedPackage['need'], Enums.ComponentScope>;

function npmComponent({ id, name, version, integrity, license, need }: LockedPackage): Models.Component {
  const [scope, base] = name.startsWith('@') && name.includes('/') ? splitAt(name, name.indexOf('/')) : ['', name];
  const component = new Models.Component(Enums.ComponentType.Library, base, {
    bomRef: id,
    version,
    scope: SCOPE[need],
    ...purlOf(scope, base, version),
    hashes: hashesOf(integrity),
    ...(scope !== '' && { group: scope }),
  });
  if (license !== undefined) component.licenses.add(licenseOf(license));
  // The taxonomy of CycloneDX for npm.
  if (need === 'dev') component.properties.add(new Models.Property('cdx:npm:package:development', 'true'));
  return component;
}

/** None of what no registry would take. */
function purlOf(scope: string, name: string, version: string): { readonly purl?: string } {
  try {
    return { purl: new PackageURL('npm', scope === '' ? undefined : scope, name, version).toString() };
  } catch {
    return {};
  }
}

function baseImage({ reference, digest }: NonNullable<SbomParts['base']>): Models.Component {
  const name = reference.replace(/@.*$/, '');
  return new Models.Component(Enums.ComponentType.Container, name, {
    bomRef: `${name}@${digest}`,
    version: digest,
    purl: new PackageURL(
      'oci',
      undefined,
      name.slice(name.lastIndexOf('/') + 1).replace(/:.*$/, ''),
      digest,
    ).toString(),
    hashes: sha256(digest),
  });
}

function licenseOf(text: string): Models.License {
  const id = SPDX.fixupSpdxId(text);
  return id === undefined ? new Models.NamedLicense(text) : new Models.SpdxLicense(id);
}

function sha256(digest: Digest): Models.HashDictionary {
  return new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], hexOf(digest)]]);
}

const ALGORITHM: Readonly<Record<string, Enums.HashAlgorithm>> = {
  sha1: Enums.HashAlgorithm['SHA-1'],
  sha256: Enums.HashAlgorithm['SHA-256'],
  sha384: Enums.HashAlgorithm['SHA-384'],
  sha512: Enums.HashAlgorithm['SHA-512'],
};

/** Subresource integrity has base64 where CycloneDX has hexadecimal digits. */
function hashesOf(integrity = ''): Models.HashDictionary {
  const hashes = new Models.HashDictionary();
  for (const [, algorithm = '', hash = ''] of integrity.matchAll(/(\w+)-([A-Za-z0-9+/=]+)/g)) {
    const known = ALGORITHM[algorithm];
    if (known !== undefined) hashes.set(known, Buffer.from(hash, 'base64').toString('hex'));
  }
  return hashes;
}

function splitAt(text: string, at: number): readonly [string, string] {
  return [text.slice(0, at), text.slice(at + 1)];
}
