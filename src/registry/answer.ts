import type { Dispatcher } from 'undici';
import { RegistryFault } from './fault.ts';

/** What a registry answered; whoever has it reads the body, or drops it. */
export type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

/** Bytes of an answer that says what went wrong. */
export const ERROR_BYTES = 64 * 1024;

/** A whole body; longer than `limit` it is cut off. @throws RegistryFault */
export async function bytesOf({ body }: Answer, limit: number, what = 'an answer'): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > limit) throw new RegistryFault('corrupt', `${what} is longer than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionFault(error, what);
  }
  return Buffer.concat(chunks);
}

/** Reads what nobody needs to its end, so that the connection can be used again. */
export async function drop({ body }: Answer): Promise<void> {
  await body.dump({ limit: ERROR_BYTES }).catch(() => undefined);
}

/** One line of a header, or null. */
export function headerOf({ headers }: Answer, name: string): string | null {
  const value = headers[name];
  return (typeof value === 'string' ? value : value?.[0]) ?? null;
}

/** Too late, not the place where an upload stands, too much at once. */
const AGAIN = new Set([408, 416, 429]);

/** What an answer means that is none to what was asked. */
export function refusalOf(answer: Answer, bytes: Buffer, what: string): RegistryFault {
  const { statusCode: status } = answer;
  const said = saidIn(bytes);
  const message = `${what} is answered with ${status}${said === '' ? '' : ` (${said})`}`;
  if (status === 404) return new RegistryFault('unknown', message, { status });
  const worthAnotherTry = status >= 500 || AGAIN.has(status) || said.startsWith('DIGEST_INVALID');
  if (!worthAnotherTry) return new RegistryFault('refused', message, { status });
  return new RegistryFault('away', message, { status, retryAfter: pauseOf(headerOf(answer, 'retry-after')) });
}

/** The first of a registry's own errors (OCI distribution-spec, error codes): `DENIED: requested access is denied`. */
function saidIn(bytes: Buffer): string {
  try {
    const { errors } = JSON.parse(bytes.toString('utf8')) as { errors?: { code?: unknown; message?: unknown }[] };
    const { code = '', message = '' } = errors?.[0] ?? {};
    // oxlint-disable-next-line no-control-regex -- a registry's words go to terminals and logs
    return `${String(code)}: ${String(message)}`.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 200);
  } catch {
    return '';
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3), as milliseconds from now. */
function pauseOf(header: string | null): number | null {
  if (header === null) return null;
  const until = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(until) ? null : Math.max(0, until);
}

/** An error of the connection as a fault; a certificate that is not believed will not be in a second either. */
export function connectionFault(error: unknown, what: string): unknown {
  if (error instanceof RegistryFault || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (code !== null && /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/.test(code)) {
    const message = `${what}: its certificate is not believed (${code}): name the authority that signed it as ca: { file }`;
    return new RegistryFault('refused', message, { cause: error });
  }
  const late = error.name === 'AbortError' || error.name === 'TimeoutError';
  if (code === null && !late) return error;
  const said = late ? 'it does not go on in time' : `no answer, or half of one (${code})`;
  return new RegistryFault('away', `${what}: ${said}`, { cause: error });
}
