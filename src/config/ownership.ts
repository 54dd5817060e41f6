import { isHttpAddress, shownAddress } from './http-address.ts';
import { line } from './words.ts';

/** Who answers for a component: a person, a team, a channel. */
export const owner = line.max(200);

/** Where it is written what to do when the component is ill: an address, or a path in the source. Read by people. */
export const runbook = line.max(500).check((context) => {
  const text = context.value;
  if (!isAddress(text) || isHttpAddress(text)) return;
  const message = 'an http or https address without credentials, or a path';
  const params = { found: shownAddress(text), todo: 'correct it' };
  context.issues.push({ code: 'custom', input: text, message, params });
});

function isAddress(text: string): boolean {
  return /^\s*[a-z][a-z0-9+.-]*:/i.test(text);
}
