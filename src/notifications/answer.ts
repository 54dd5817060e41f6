import { SlipwayError, type FailureCode } from '../contract/failure.ts';

/** What a receiver answered, as far as it counts. */
export interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly retryAfter: string | null;
}

/** Why an event is not delivered yet, and when it is worth another try. */
export class DeliveryError extends SlipwayError {
  /** Milliseconds; null: as the policy has it. */
  readonly retryIn: number | null;
  /** The receiver wants no more of it. */
  readonly isFinal: boolean;

  constructor(code: FailureCode, message: string, retry: { retryIn?: number | null; isFinal?: boolean } = {}) {
    super(code, message);
    this.retryIn = retry.retryIn ?? null;
    this.isFinal = retry.isFinal ?? false;
  }
}

/** Milliseconds. A receiver that refuses may be mended in the platform file by a person, who takes that long. */
export const REFUSED_RETRY = 10 * 60_000;

/** Milliseconds: the bounds between which a receiver may say when it wants to be asked again. */
const RETRY_AFTER = { least: 1_000, most: 60 * 60_000 };

/**
 * Why an answer does not mean "received"; null when it does (2xx). 410 is for good, as Standard Webhooks has it.
 * @param url where it was sent; only its host is shown
 * @param now milliseconds since 1970
 */
export function whyNotReceived(answer: Answer, url: URL, now: number): DeliveryError | null {
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return null;
  const said = `${url.host}: answered ${status}`;
  if (status >= 300 && status < 400) return redirected(said, answer, url);
  if (status === 410) {
    return new DeliveryError('RECEIVER_REFUSED', `${said}: gone; take it out of platform.yaml`, { isFinal: true });
  }
  if (status === 408 || status === 429 || status >= 500 || status < 200) {
    return new DeliveryError('RECEIVER_UNAVAILABLE', said, { retryIn: waitFor(retryAfter, now) });
  }
  const todo = 'look at its address and its secret in platform.yaml';
  return new DeliveryError('RECEIVER_REFUSED', `${said}; ${todo}`, { retryIn: REFUSED_RETRY });
}

/** A redirect is never followed: whoever may answer there could send what we say, and our signature, anywhere. */
function redirected(said: string, { location }: Answer, url: URL): DeliveryError {
  const to = location !== null && URL.canParse(location, url.href) ? new URL(location, url) : null;
  const where =
    to === null ? 'nowhere' : to.host === url.host ? 'another address of itself' : `another host, ${to.host}`;
  const todo = 'redirects are not followed; write the address that it leads to in platform.yaml, if you trust it';
  return new DeliveryError('RECEIVER_REFUSED', `${said}, a redirect to ${where}; ${todo}`, { retryIn: REFUSED_RETRY });
}

/** Retry-After, in seconds or as a date (RFC 9110 §10.2.3), within bounds; null when it says nothing. */
function waitFor(retryAfter: string | null, now: number): number | null {
  if (retryAfter === null) return null;
  const asked = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now;
  return Number.isNaN(asked) ? null : Math.min(Math.max(asked, RETRY_AFTER.least), RETRY_AFTER.most);
}
