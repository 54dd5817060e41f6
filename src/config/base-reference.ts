import { z } from 'zod';
import { isDigest, type Digest } from '../contract/digest.ts';

/** An image that others are built on, pinned by the digest of its manifest. */
export type BaseReference = {
  readonly digest: Digest;
  /** The reference without its digest, as a person calls it. */
  readonly name: string;
} & (
  | { readonly kind: 'registry'; readonly host: string; readonly repository: string; readonly tag: string | null }
  /** An OCI image layout, relative to the platform's folder and in it. */
  | { readonly kind: 'layout'; readonly path: string }
);

/** What is wrong with a reference, as a finding has it. */
export interface WrongReference {
  readonly found: string;
  readonly expected: string;
  readonly todo: string;
}

const EXPECTED = 'host/repository@sha256:… or oci:<path of a layout>@sha256:…, pinned by 64 lower-case hex digits';

/** Distribution's grammar (github.com/distribution/reference, regexp.go); its parts are at most 63 letters long (RFC 1035). */
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`);
const REPOSITORY = /^(?=.{1,255}$)[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/**
 * Reads `host/repository[:tag]@sha256:…` or `oci:<path>@sha256:…`. A tag says to people what the digest is; nothing
 * goes by it.
 */
export function parseBaseReference(text: string): BaseReference | WrongReference {
  const at = text.lastIndexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? '' : text.slice(at + 1);
  if (!isDigest(digest)) {
    const found = at < 0 ? `${quoted(text)}, without a digest` : `the digest ${quoted(digest)}`;
    return { found, expected: EXPECTED, todo: howToPin(name) };
  }
  if (name.startsWith('oci:')) {
    const path = name.slice('oci:'.length);
    const isInside = path !== '' && !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0');
    if (isInside) return { kind: 'layout', name, path, digest };
    const expected = "a path that is relative to the platform's folder and stays in it";
    return { found: quoted(name), expected, todo: 'put the layout there, or name a registry' };
  }
  const slash = name.indexOf('/');
  const host = name.slice(0, Math.max(slash, 0));
  if (!isHost(host)) {
    const todo = `name the registry too, as in ${quoted(`docker.io/library/${name}`)}`;
    return { found: quoted(name), expected: `${EXPECTED}, with the host of a registry`, todo };
  }
  const [repository = '', ...tags] = name.slice(slash + 1).split(':');
  const [tag = null] = tags;
  if (REPOSITORY.test(repository) && tags.length <= 1 && (tag === null || TAG.test(tag))) {
    return { kind: 'registry', name, host, repository, tag, digest };
  }
  return { found: quoted(name), expected: EXPECTED, todo: 'correct its repository or its tag' };
}

/** With a dot or a port, or `localhost`: without, people mean a folder of Docker's. It is one that URLs can have, too. */
function isHost(host: string): boolean {
  const isNamed = host === 'localhost' || /[.:]/.test(host);
  return isNamed && HOST.test(host) && URL.canParse(`https://${host}`);
}

/** `build.base`, kept as it was written. */
export const baseReference = z
  .string()
  .max(1024)
  .check((context) => {
    const parsed = parseBaseReference(context.value);
    if ('kind' in parsed) return;
    const { found, expected, todo } = parsed;
    context.issues.push({ code: 'custom', input: context.value, message: expected, params: { found, todo } });
  });

/** A tag moves, and with it what is built; so it is looked up once, by a person. */
function howToPin(name: string): string {
  if (name.startsWith('oci:')) return 'add @ and the digest of the manifest, as its index.json has it';
  const asked = /^[\x21-\x7e]{1,200}$/.test(name) ? name : '<reference>';
  return `pin it: \`skopeo inspect --format '{{.Digest}}' docker://${asked}\` says the digest that it has now`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
