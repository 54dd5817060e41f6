import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Digest } from '../contract/digest.ts';
import { connectionFault, drop, headerOf, type Answer } from './answer.ts';
import { RegistryFault } from './fault.ts';
import { otherBytes, SMALL } from './manifests.ts';
import { giveUpOrPause, persistently } from './patience.ts';
import type { Place } from './place.ts';
import { shown } from './transport.ts';

export interface ExpectedBlob {
  /** Bytes; what comes beyond them is cut off, and is not the blob. As many as the registry announces unless given. */
  readonly size?: number;
}

export async function hasBlob({ transport, patience, scope, url }: Place, digest: Digest): Promise<boolean> {
  return persistently(patience, async () => {
    const question = { url: url(`blobs/${digest}`), scope: scope(false), accept: [404], within: SMALL };
    const answer = await transport.ask({ method: 'HEAD', ...question });
    await drop(answer);
    return answer.statusCode !== 404;
  });
}

/** A whole blob of at most `limit` bytes, or null. @throws RegistryFault */
export async function getBlob(place: Place, digest: Digest, limit: number): Promise<Buffer | null> {
  const stream = await openBlob(place, digest);
  if (stream === null) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > limit) throw new RegistryFault('corrupt', `${digest} is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A blob as a stream that goes on where it was cut, and fails at its end unless the bytes are those of `digest`; null
 * where there is none.
 * @throws RegistryFault
 */
export async function openBlob(place: Place, digest: Digest, expected: ExpectedBlob = {}): Promise<Readable | null> {
  const first = await persistently(place.patience, () => askFor(place, digest, 0));
  if (first === null) return null;
  const announced = lengthOf(first);
  const { size = announced } = expected;
  if (announced !== null && announced !== size) {
    letGo(first);
    throw new RegistryFault('corrupt', `${digest} has ${announced} bytes at ${place.transport.origin}, not ${size}`);
  }
  const stream = Readable.from(bytesFrom(place, digest, first, size), { objectMode: false });
  // A stream that nobody reads never comes to its own end.
  stream.once('close', () => letGo(first));
  return stream;
}

async function* bytesFrom(place: Place, digest: Digest, first: Answer, size: number | null): AsyncGenerator<Buffer> {
  const what = shown(place.url(`blobs/${digest}`));
  const hash = createHash('sha256');
  let body = fromOffset(first, 0, what);
  let [offset, failed] = [0, 0];
  try {
    for (;;) {
      let chunk: Buffer | undefined;
      try {
        chunk = (await body.next()).value ?? undefined;
        if (chunk === undefined && size !== null && offset < size) {
          throw new RegistryFault('away', `${what} ends after ${offset} of ${size} bytes`);
        }
      } catch (error) {
        failed += 1;
        await giveUpOrPause(connectionFault(error, `GET ${what}`), failed, place.patience);
        body = again(place, digest, offset, what);
        continue;
      }
      if (chunk === undefined) break;
      failed = 0;
      offset += chunk.byteLength;
      if (size !== null && offset > size) {
        throw new RegistryFault('corrupt', `${what} is longer than the ${size} bytes that it should have`);
      }
      hash.update(chunk);
      yield chunk;
    }
  } finally {
    // Whoever stops reading lets the connection go.
    await body.return(undefined);
  }
  const found: Digest = `sha256:${hash.digest('hex')}`;
  if (found !== digest) throw otherBytes(digest, found, what);
}

async function* again(place: Place, digest: Digest, offset: number, what: string): AsyncGenerator<Buffer, undefined> {
  const answer = await askFor(place, digest, offset);
  if (answer === null) throw new RegistryFault('unknown', `${what} is gone`);
  yield* fromOffset(answer, offset, what);
}

async function askFor({ transport, scope, url }: Place, digest: Digest, offset: number): Promise<Answer | null> {
  const answer = await transport.ask({
    method: 'GET',
    url: url(`blobs/${digest}`),
    scope: scope(false),
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    accept: [404],
  });
  if (answer.statusCode !== 404) return answer;
  await drop(answer);
  return null;
}

/** The body from `offset` on; of a registry that knows no ranges, what went before is read and left. */
async function* fromOffset(answer: Answer, offset: number, what: string): AsyncGenerator<Buffer, undefined> {
  const ranged = answer.statusCode === 206;
  if (ranged && !(headerOf(answer, 'content-range') ?? '').startsWith(`bytes ${offset}-`)) {
    letGo(answer);
    throw new RegistryFault('away', `${what} answers with another part of it than the one that was asked for`);
  }
  let left = ranged ? 0 : offset;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    const rest = chunk.subarray(Math.min(left, chunk.byteLength));
    left -= chunk.byteLength - rest.byteLength;
    if (rest.byteLength > 0) yield rest;
  }
}

function lengthOf(answer: Answer): number | null {
  const header = headerOf(answer, 'content-length');
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}

function letGo({ body }: Answer): void {
  body.on('error', () => undefined).destroy();
}
