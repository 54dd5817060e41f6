import { isPublic, literalIn } from './public-address.ts';

/** What is wrong with an address, in words that do not show it: some addresses are secrets themselves. */
export interface WrongAddress {
  readonly found: string;
  readonly expected: string;
  readonly todo: string;
}

/**
 * Why a receiver cannot have this address, as far as the address alone tells: what its name resolves to is seen when
 * something is sent. Null when nothing speaks against it.
 */
export function whyNoAddress(text: string, allowPrivate: boolean): WrongAddress | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return { found: 'none', expected: 'an address such as https://host/path', todo: 'write it whole' };
  }
  if (url.username !== '' || url.password !== '') {
    const todo = 'take them out: what is sent is signed with `secret`';
    return { found: 'a user or a password in it', expected: 'an address without them', todo };
  }
  if (allowPrivate) return null;
  if (url.protocol === 'http:') {
    const todo = 'use https, or set `webhooks.allowPrivate: true` for receivers in your own network';
    return { found: 'http', expected: 'https', todo };
  }
  const literal = literalIn(url);
  if (literal === null || isPublic(literal)) return null;
  return { found: `${literal}, which is not public`, expected: 'a public address', todo: ALLOW_PRIVATE };
}

export const ALLOW_PRIVATE = 'choose another, or set `webhooks.allowPrivate: true` if it is meant';
