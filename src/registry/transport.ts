import { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { bytesOf, connectionFault, drop, ERROR_BYTES, headerOf, refusalOf, type Answer } from './answer.ts';
import { createAuthorization, type Credentials, type Scope } from './authorization.ts';
import { RegistryFault } from './fault.ts';
import type { Patience } from './patience.ts';

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  readonly url: URL;
  readonly scope: Scope;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew each time that it is sent; its length stands in `content-length`. */
  readonly body?: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Statuses that answer the question, beside 2xx. */
  readonly accept?: readonly number[];
  /** Milliseconds for all of it; for what is small. */
  readonly within?: number;
}

/** One registry, asked one thing at a time: no second try here. */
export interface Transport {
  readonly origin: string;
  /** The caller reads the body, or drops it. @throws RegistryFault */
  ask(question: Ask): Promise<Answer>;
  close(): Promise<void>;
}

export interface TransportOptions {
  /** `https://registry.example`. */
  readonly origin: string;
  /** None unless given. */
  readonly credentials?: () => Promise<Credentials | null>;
  /** PEM certificates that are believed in place of the system's. */
  readonly ca?: string | undefined;
  readonly patience: Patience;
}

/** A blob may lie elsewhere, and that elsewhere move once or twice; more is a circle. */
const HOPS = 5;
const TOKEN_BYTES = 256 * 1024;

/**
 * Sends credentials to `origin` alone (and to its token service): what a registry redirects us to, or tells us to upload
 * to, on another host, is asked without.
 */
export function createTransport({ origin, credentials = async () => null, ca, patience }: TransportOptions): Transport {
  const dispatcher = new Agent({
    connect: { timeout: Math.min(patience.idle, 10_000), ...(ca !== undefined && { ca }) },
    headersTimeout: patience.idle,
    bodyTimeout: patience.idle,
  });
  const authorization = createAuthorization(origin, credentials, async (url, header) => {
    const answer = await send({ method: 'GET', url, headers: header === undefined ? {} : { authorization: header } });
    const bytes = await bytesOf(answer, TOKEN_BYTES);
    if (answer.statusCode !== 200) throw refusalOf(answer, bytes, `GET ${shown(url)} (the token service of ${origin})`);
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      throw new RegistryFault('refused', `${shown(url)} answers with no token but something that is not JSON`);
    }
  });

  async function send({ method, url, headers, body, within }: Omit<Ask, 'scope' | 'accept'>): Promise<Answer> {
    const stall = new AbortController();
    const watch = watchFor(patience.idle, () => stall.abort());
    const signals = [stall.signal, ...(within === undefined ? [] : [AbortSignal.timeout(within)])];
    try {
      return await request(url, {
        method,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'slipway', ...headers },
        body: body === undefined ? null : Readable.from(told(body(), watch.heard), { objectMode: false }),
        dispatcher,
        // undici would close the connection after each HEAD, for servers that send a body all the same.
        reset: false,
        signal: AbortSignal.any(signals),
      });
    } catch (error) {
      throw connectionFault(error, `${method} ${shown(url)}`);
    } finally {
      watch.end();
    }
  }

  /** With our credentials where they belong, answering one challenge. */
  async function sendAuthorized(question: Ask): Promise<Answer> {
    const { url, scope, headers } = question;
    if (url.origin !== origin) return await send(question);
    const known = authorization.header(scope);
    const withHeader = (value: string | undefined): Ask =>
      value === undefined ? question : { ...question, headers: { ...headers, authorization: value } };
    const answer = await send(withHeader(known));
    if (answer.statusCode !== 401) return answer;
    const next = await authorization.answer(answer.headers['www-authenticate'], scope);
    if (next === null) return answer;
    await drop(answer);
    return await send(withHeader(next));
  }

  return {
    origin,

    async ask(question) {
      let { url } = question;
      for (let hop = 0; hop <= HOPS; hop += 1) {
        const answer = await sendAuthorized({ ...question, url });
        const { statusCode } = answer;
        const reads = question.method === 'GET' || question.method === 'HEAD';
        if (reads && REDIRECTS.has(statusCode)) {
          await drop(answer);
          url = placeIn(headerOf(answer, 'location'), url);
          continue;
        }
        if ((statusCode >= 200 && statusCode < 300) || question.accept?.includes(statusCode) === true) return answer;
        throw refusalOf(answer, await bytesOf(answer, ERROR_BYTES), `${question.method} ${shown(url)}`);
      }
      throw new RegistryFault('refused', `${shown(question.url)} redirects us more than ${HOPS} times`);
    },

    close: () => dispatcher.destroy(),
  };
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Where a `Location` leads; never from TLS to plain text. @throws RegistryFault */
export function placeIn(location: string | null, from: URL): URL {
  const place = location !== null && URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  const safe = place?.protocol === 'https:' || (place?.protocol === 'http:' && from.protocol === 'http:');
  if (place === null || !safe) {
    throw new RegistryFault('refused', `${shown(from)} sends us to no address that we go to: expected https`);
  }
  place.username = '';
  place.password = '';
  return place;
}

/** An address without its query, which may be a key to it. */
export function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Calls `stalled` when nothing was heard for so many milliseconds. */
function watchFor(idle: number, stalled: () => void): { heard: () => void; end: () => void } {
  let timer = setTimeout(stalled, idle);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(stalled, idle);
    },
    end: () => clearTimeout(timer),
  };
}

/** Passes a body on, and says so each time that some of it is asked for. */
async function* told(
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  heard: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    heard();
    yield chunk;
  }
}
