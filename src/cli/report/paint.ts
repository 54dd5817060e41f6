import { styleText } from 'node:util';

type Format = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** Colours text, or leaves it as it is. */
export type Paint = (format: Format, text: string) => string;

/** Colours only what a terminal shows: see https://no-color.org; `FORCE_COLOR` asks for them anywhere. */
export function painterFor(stream: { readonly isTTY?: boolean | undefined }, env: NodeJS.ProcessEnv): Paint {
  return wantsColours(stream, env)
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_, text) => text;
}

function wantsColours(stream: { readonly isTTY?: boolean | undefined }, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

// eslint-disable-next-line no-control-regex -- colours, movements of the cursor, and every other control character
const STEERING = /\u001b\[[0-?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text that somebody else wrote, without what could steer the reader's terminal. */
export function harmless(text: string): string {
  return text.replace(STEERING, '');
}

/** As {@link harmless}, on one line. */
export function oneLine(text: string): string {
  return harmless(text).replace(/\s+/g, ' ').trim();
}
