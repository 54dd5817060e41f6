import { z } from 'zod';

/** Whether a text is an http or https address. One with credentials in it is not taken: they would be shown and kept. */
export function isHttpAddress(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

/** An address that Slipway asks beneath: no query and no fragment. What was written is not shown: it may hold a secret. */
export const baseAddress = z
  .string()
  .max(2000)
  .check((context) => {
    const text = context.value;
    if (isHttpAddress(text) && !/[?#]/.test(text)) return;
    const expected = 'an address such as https://prometheus.example, without credentials, query or fragment';
    const params = { found: 'another kind of text', todo: 'correct it' };
    context.issues.push({ code: 'custom', input: text, message: expected, params });
  });
