import { Agent, request } from 'undici';
import { literalIn } from '../config/public-address.ts';
import { SlipwayError } from '../contract/failure.ts';
import { guardedLookup, refuseInside, type Resolve } from './guarded-lookup.ts';
import type { Answer } from './answer.ts';

/** Milliseconds from the first packet to the answer's headers. */
const TIMEOUT = 10_000;

/** Bytes of an answer's body that are read, and thrown away: it says nothing that counts. */
const BODY = 64 * 1024;

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PostOptions {
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
  /** Milliseconds; 10 s unless given. */
  readonly timeout?: number;
  /** The system's unless given. */
  readonly resolve?: Resolve;
}

/**
 * Posts once and follows nothing. Unless private addresses are allowed, it connects to public ones only, whatever the
 * host's name resolves to.
 * @throws RECEIVER_REFUSED when the address is not public; RECEIVER_UNAVAILABLE when there is no answer in time. Neither
 *   shows more of the address than its host: the path may be a secret.
 */
export async function post({ url, headers, body }: Post, options: PostOptions): Promise<Answer> {
  const { allowPrivate, signal, timeout = TIMEOUT, resolve } = options;
  const literal = literalIn(url);
  if (!allowPrivate && literal !== null) refuseInside(literal);
  const dispatcher = new Agent({
    connect: { timeout, ...(allowPrivate ? {} : { lookup: guardedLookup(resolve) }) },
  });
  const deadline = AbortSignal.timeout(timeout);
  try {
    const answer = await request(url, {
      method: 'POST',
      headers,
      body,
      dispatcher,
      signal: AbortSignal.any([signal, deadline]),
    });
    await answer.body.dump({ limit: BODY }).catch(() => undefined); // what it answered stands in its status
    return {
      status: answer.statusCode,
      location: only(answer.headers['location']),
      retryAfter: only(answer.headers['retry-after']),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SlipwayError) throw error;
    const why = deadline.aborted ? `no answer within ${timeout} ms` : codeOfError(error);
    throw new SlipwayError('RECEIVER_UNAVAILABLE', `${url.host}: ${why}`);
  } finally {
    await dispatcher.destroy();
  }
}

function only(header: string | string[] | undefined): string | null {
  return (typeof header === 'string' ? header : header?.[0]) ?? null;
}

/** `ECONNREFUSED` and the like: messages of a transport may hold more of the address than anybody should read. */
function codeOfError(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}
