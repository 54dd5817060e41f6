import { PackageURL } from 'packageurl-js';

/** What in-toto statements call the things that they speak of (in-toto attestation framework, ResourceURI: RFC 3986). */

/** A source of the platform file, or a file in it. */
export function sourceUri(repository: string, path?: string): string {
  return ['urn:slipway:source', repository, ...(path === undefined ? [] : [path])].map(escaped).join(':');
}

/** The package URL of an image (package-url/purl-spec, type oci). */
export function imageUri(name: string, digest: string, qualifiers: Record<string, string> = {}): string {
  return new PackageURL('oci', undefined, name, digest, qualifiers).toString();
}

/**
 * Of a base image: in a registry it is found by its repository, in a layout by its digest alone.
 * @param reference as `build.base` has it: `host/repository[:tag][@digest]`, or `oci:<path>[@digest]`
 */
export function baseUri(reference: string, digest: string): string {
  const name = reference.replace(/@.*$/, '');
  const isLayout = name.startsWith('oci:');
  const path = isLayout ? name.slice('oci:'.length) : name.replace(/:[^/:]*$/, '');
  const last = path.split('/').findLast((part) => part !== '') ?? 'image';
  return imageUri(last, digest, isLayout ? {} : { repository_url: path });
}

/** As part of a URI: whatever has no place or another meaning there, as the hex digits of its UTF-8. */
function escaped(text: string): string {
  return encodeURI(text).replaceAll(/[?#]/g, encodeURIComponent);
}
