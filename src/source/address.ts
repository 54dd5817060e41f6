import path from 'node:path';
import { SlipwayError } from '../contract/failure.ts';

/** Where a source is: what git is told, and the folder where it is one of this machine. */
export interface SourceAddress {
  readonly url: string;
  readonly folder: string | null;
}

const SCHEMES = ['https', 'http', 'ssh', 'git', 'file'];

/**
 * Reads a source's `url` as git would, and refuses what makes git run or guess something: `ext::sh …` and every other
 * `helper::address`, options, schemes beyond https, http, ssh, git and file. Relative paths start from `baseFolder`.
 * @throws UNSAFE_SOURCE
 */
export function readAddress(url: string, baseFolder: string): SourceAddress {
  const refuse = (found: string): SlipwayError =>
    new SlipwayError(
      'UNSAFE_SOURCE',
      `the source's url: found ${found} in ${JSON.stringify(withoutCredentials(url))}, expected a path, host:path, ` +
        `or an address with ${SCHEMES.join(', ')}; correct it in the platform file`,
    );

  if (url.startsWith('-')) throw refuse('an option of git');
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  if (/[\u0000-\u001f\u007f]/.test(url)) throw refuse('control characters');
  if (/^[^/]*::/.test(url)) throw refuse('a transport helper');

  const scheme = /^([^/:]+):\/\//.exec(url)?.[1];
  if (scheme !== undefined) {
    if (!SCHEMES.includes(scheme)) throw refuse(`the scheme ${JSON.stringify(scheme)}`);
    if (/^[^/]+:\/\/([^/]*@)?-/.test(url)) throw refuse('an option in place of a host');
    return { url, folder: scheme === 'file' ? path.resolve(url.slice('file://'.length)) : null };
  }
  // As git has it: a colon before the first slash makes it host:path.
  if (/^[^/]+:/.test(url)) {
    if (/^([^/:]*@)?-/.test(url)) throw refuse('an option in place of a host');
    return { url, folder: null };
  }
  const folder = path.resolve(baseFolder, url);
  return { url: folder, folder };
}

/** The same text without `user:password@`, fit for messages and logs. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/:\/\/[^/@\s]*@/g, '://');
}
