import { formatDuration } from '../../config/duration.ts';
import type { FailureCode } from '../../contract/failure.ts';
import type { Limits, SandboxResult } from '../sandbox.ts';

export interface NpmFailure {
  readonly code: Extract<FailureCode, 'DEPENDENCIES_INVALID' | 'DEPENDENCIES_UNAVAILABLE'>;
  /** What was found. */
  readonly found: string;
  /** What to do. */
  readonly todo: string;
}

/** Codes of npm that speak of what the lock file names. All else may be better at the next try. */
const INVALID: Readonly<Record<string, string>> = {
  E404: 'name packages and versions that the registry has',
  ETARGET: 'name versions that the registry has',
  ENOVERSIONS: 'name versions that the registry has',
  EINTEGRITY: 'the registry has other bytes than those that were locked: find out why before you lock them anew',
  EUSAGE:
    'write the lock file anew with `npm install --package-lock-only`, without settings in an .npmrc, which is not read here',
  EJSONPARSE: 'correct package.json',
  EBADPLATFORM: 'take packages that can be installed on the platform’s machines',
  EINVALIDPACKAGENAME: 'correct the name',
  EINVALIDTAGNAME: 'correct the version',
  ENOSPC: 'take smaller dependencies, or raise the platform’s build.output',
  EFBIG: 'take smaller dependencies, or raise the platform’s build.output',
};

/** What it means that `npm ci` did not end well, out of what it wrote. */
export function judgeNpm(result: SandboxResult, limits: Limits): NpmFailure {
  const unavailable = (found: string): NpmFailure => ({
    code: 'DEPENDENCIES_UNAVAILABLE',
    found,
    todo: 'look at the way to the package registry (build.npm.registry); it is tried again',
  });
  switch (result.ended) {
    case 'timed-out':
      return unavailable(`npm did not end within ${formatDuration(limits.timeout)}, the platform's build.timeout`);
    case 'output-too-large':
      return {
        code: 'DEPENDENCIES_INVALID',
        found: `the packages are more than ${limits.output} bytes, the platform's build.output`,
        todo: 'take smaller dependencies, or raise it',
      };
    case 'log-too-large':
    case 'stopped':
    case 'exited':
      break;
  }
  const code = /^npm (?:error|ERR!) code (\w+)/m.exec(result.log)?.[1];
  const said = `npm ci ended with ${code ?? result.exitCode}:\n${firstWords(result.log)}\n`;
  const todo = code === undefined ? undefined : INVALID[code];
  return todo === undefined ? unavailable(said) : { code: 'DEPENDENCIES_INVALID', found: said, todo };
}

/** The beginning of what npm said of a failure: what follows is how npm is used, and where its logs lie. */
function firstWords(log: string): string {
  const lines = log
    .split('\n')
    .filter((line) => !/^\s*$|^npm (?:notice|warn|(?:error|ERR!)(?: code.*| Log files.*|\s*)$)/.test(line));
  return lines.slice(0, 12).join('\n').slice(0, 4_000);
}
