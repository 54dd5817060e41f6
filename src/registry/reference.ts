import { isDigest, type Digest } from '../contract/digest.ts';
import { isLoopback, REPOSITORY } from './address.ts';

/** An image that is named by its digest: on a registry, or in a layout on this machine's disk. */
export type ImageReference =
  | { readonly kind: 'registry'; readonly origin: string; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'layout'; readonly path: string; readonly digest: Digest };

/**
 * Reads `host[:port]/repository[:tag]@sha256:…` or `oci:PATH@sha256:…`. The digest says which image it is; a tag beside
 * it is for people. Answers what is wrong otherwise, in words.
 */
export function parseImageReference(text: string): ImageReference | string {
  const at = text.lastIndexOf('@');
  const digest = text.slice(at + 1);
  if (at === -1)
    return 'it is not pinned: expected @sha256: and 64 lower-case hex digits at its end; a tag can be moved';
  if (!isDigest(digest)) return 'what stands after its @ is no digest: expected sha256: and 64 lower-case hex digits';
  const name = text.slice(0, at);
  if (name.startsWith('oci:')) {
    const path = name.slice('oci:'.length);
    return path === '' ? 'it names no layout: expected oci:PATH@sha256:…' : { kind: 'layout', path, digest };
  }
  return inRegistry(name, digest);
}

const HOST = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost|\[[0-9a-f:]+\])(?::\d{1,5})?$|^[a-z0-9-]+:\d{1,5}$/;
const TAG = /:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

function inRegistry(name: string, digest: Digest): ImageReference | string {
  const slash = name.indexOf('/');
  const host = name.slice(0, Math.max(slash, 0));
  if (!HOST.test(host)) return 'it names no registry: expected host[:port]/repository, such as docker.io/library/node';
  const repository = name.slice(slash + 1).replace(TAG, '');
  if (!REPOSITORY.test(repository))
    return `"${repository}" cannot be a repository: expected a-z 0-9 . _ - between slashes`;
  const url = new URL(`https://${host}`);
  if (isLoopback(url)) url.protocol = 'http:';
  return { kind: 'registry', origin: originOf(url, host), repository: inDocker(host, repository), digest };
}

/** Docker's own registry has another host than the one that people write, and a folder for images without one. */
function originOf({ origin }: URL, host: string): string {
  return host === 'docker.io' ? 'https://registry-1.docker.io' : origin;
}

function inDocker(host: string, repository: string): string {
  return host === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;
}
