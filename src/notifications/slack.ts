import type { NotifiedEvent } from '../contract/event.ts';
import { sentenceOf } from './sentence.ts';

/**
 * The body of an incoming webhook as Slack, and all that copy it, take it: plain text. What somebody wrote can neither
 * link nor call anybody (`<!channel>`), since its `&`, `<` and `>` are escaped.
 */
export function slackBody(event: NotifiedEvent): { readonly text: string } {
  const lines = [`${event.isUrgent ? 'URGENT: ' : ''}${sentenceOf(event)}`];
  if (event.next !== null) lines.push(`Next: ${event.next}`);
  return { text: escaped(lines.join('\n')) };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
