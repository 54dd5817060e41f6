import { z } from 'zod';
import { quote } from './finding.ts';

/** Whether a text is an http or https address. One with credentials in it is not taken: it would be shown and kept. */
export function isHttpAddress(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

/** An address as it can be shown in a message: without what stands before an `@`, and after a `?`. */
export function shownAddress(text: string): string {
  return quote(text.replace(/\/\/[^/]*@/, '//…@').replace(/[?#].*$/s, '?…'));
}

/** An address that Slipway asks beneath: no credentials, no query and no fragment. */
export const baseAddress = z
  .string()
  .max(2000)
  .check((context) => {
    const text = context.value;
    if (isHttpAddress(text) && !/[?#]/.test(text)) return;
    const message = 'an http or https address without credentials, query or fragment';
    const params = { found: shownAddress(text), todo: 'correct it' };
    context.issues.push({ code: 'custom', input: text, message, params });
  });
