import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What no registry that can be installed here does. */
export interface StandIn {
  readonly url: string;
  readonly close: () => Promise<void>;
  /** Tags, by repository and name: the digests that they stand for. */
  readonly tags: Map<string, string>;
}

export interface StandInOptions {
  /** A tag that is given is refused to whoever wants to move it. */
  readonly immutableTags?: boolean;
  /** Lets in whoever has this token, which its own token service gives for these credentials. */
  readonly bearer?: { readonly username: string; readonly password: string; readonly token: string };
}

/**
 * A registry in memory with the referrers API of OCI distribution-spec 1.1, which says `OCI-Subject`; lists come in pages
 * of three.
 */
export async function startStandIn({ immutableTags = false, bearer }: StandInOptions = {}): Promise<StandIn> {
  const blobs = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer[]>();
  const manifests = new Map<string, { bytes: Buffer; mediaType: string }>();
  const tags = new Map<string, string>();
  const server = createServer((asked, answer) => void serve(asked, answer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(asked.url ?? '/', url);
    const body = await buffer(asked);
    const say = (status: number, headers: Record<string, string> = {}, bytes: Buffer | string = ''): void => {
      answer.writeHead(status, { 'content-length': String(Buffer.byteLength(bytes)), ...headers });
      answer.end(asked.method === 'HEAD' ? '' : bytes);
    };
    if (pathname === '/token') {
      const known = `Basic ${Buffer.from(`${bearer?.username}:${bearer?.password}`).toString('base64')}`;
      if (asked.headers.authorization !== known) return say(401);
      return say(200, {}, JSON.stringify({ token: bearer?.token, scope: searchParams.get('scope') }));
    }
    if (bearer !== undefined && asked.headers.authorization !== `Bearer ${bearer.token}`) {
      return say(401, {
        'www-authenticate': `Bearer realm="${url}/token",service="stand-in",scope="repository:x:pull"`,
      });
    }
    const [, repository = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(blobs|manifests|tags|referrers)\/(.+)$/.exec(pathname) ?? [];
    if (kind === 'referrers') return say(200, {}, indexOf(referrersOf(repository, reference)));
    if (kind === 'tags') return page(repository, searchParams, say);
    if (kind === 'manifests') return manifest(asked, repository, reference, body, say);
    if (kind === 'blobs') return blob(asked, repository, reference, searchParams, body, say);
    return say(404);
  }

  type Say = (status: number, headers?: Record<string, string>, bytes?: Buffer | string) => void;

  function blob(
    { method }: IncomingMessage,
    repository: string,
    reference: string,
    query: URLSearchParams,
    body: Buffer,
    say: Say,
  ): void {
    if (method === 'POST') {
      const id = randomUUID();
      uploads.set(id, []);
      return say(202, { location: `/v2/${repository}/blobs/uploads/${id}` });
    }
    const upload = uploads.get(reference.replace('uploads/', ''));
    if (upload !== undefined) {
      upload.push(body);
      if (method === 'PATCH') return say(202, { location: `/v2/${repository}/blobs/${reference}` });
      const whole = Buffer.concat(upload);
      if (digestOf(whole) !== query.get('digest')) return say(400);
      blobs.set(`${repository}@${digestOf(whole)}`, whole);
      return say(201);
    }
    const found = blobs.get(`${repository}@${reference}`);
    return found === undefined ? say(404) : say(200, {}, found);
  }

  function manifest(
    { method, headers }: IncomingMessage,
    repository: string,
    reference: string,
    body: Buffer,
    say: Say,
  ) {
    const tag = `${repository}:${reference}`;
    if (method === 'PUT') {
      if (immutableTags && tags.has(tag)) return say(409);
      const digest = digestOf(body);
      manifests.set(`${repository}@${digest}`, { bytes: body, mediaType: headers['content-type'] ?? '' });
      if (!reference.startsWith('sha256:')) tags.set(tag, digest);
      const { subject } = JSON.parse(body.toString()) as { subject?: { digest: string } };
      return say(201, { 'docker-content-digest': digest, ...(subject && { 'oci-subject': subject.digest }) });
    }
    const found = manifests.get(`${repository}@${tags.get(tag) ?? reference}`);
    if (found === undefined) return say(404);
    return say(200, { 'content-type': found.mediaType }, found.bytes);
  }

  function page(repository: string, query: URLSearchParams, say: Say): void {
    const all = [...tags.keys()]
      .filter((tag) => tag.startsWith(`${repository}:`))
      .map((tag) => tag.split(':')[1] ?? '');
    const last = query.get('last') ?? '';
    const names = all.toSorted().filter((name) => name > last);
    const next = `</v2/${repository}/tags/list?n=3&last=${names[2]}>; rel="next"`;
    say(200, names.length > 3 ? { link: next } : {}, JSON.stringify({ name: repository, tags: names.slice(0, 3) }));
  }

  function referrersOf(repository: string, subject: string): object[] {
    return [...manifests].flatMap(([key, { bytes, mediaType }]) => {
      const [where, digest] = key.split('@');
      const found = JSON.parse(bytes.toString()) as { subject?: { digest: string }; artifactType?: string };
      if (where !== repository || found.subject?.digest !== subject) return [];
      return [{ mediaType, digest, size: bytes.byteLength, artifactType: found.artifactType }];
    });
  }

  return {
    url,
    tags,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function indexOf(entries: readonly object[]): string {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  return JSON.stringify({ schemaVersion: 2, mediaType, manifests: entries });
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
