/**
 * What went wrong between us and a registry, before anybody says whose fault that is:
 * - `away`     no answer, half of one, 5xx or 429: worth another try;
 * - `refused`  it answers, and says no: credentials, rights, a certificate, a size;
 * - `unknown`  it has no such thing;
 * - `corrupt`  it answers other bytes than those that were asked for.
 */
export type RegistryFaultKind = 'away' | 'refused' | 'unknown' | 'corrupt';

export class RegistryFault extends Error {
  readonly kind: RegistryFaultKind;
  /** HTTP status; null where there was no answer. */
  readonly status: number | null;
  /** Milliseconds that the registry asks us to wait (`Retry-After`); null where it says nothing. */
  readonly retryAfter: number | null;

  constructor(
    kind: RegistryFaultKind,
    message: string,
    more: { readonly status?: number; readonly retryAfter?: number | null; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.name = 'RegistryFault';
    this.kind = kind;
    this.status = more.status ?? null;
    this.retryAfter = more.retryAfter ?? null;
  }
}

export function isFault(error: unknown, kind: RegistryFaultKind): error is RegistryFault {
  return error instanceof RegistryFault && error.kind === kind;
}
