import { whyUnsafePath } from '../artifacts/entry.ts';
import { formatDuration } from '../config/duration.ts';
import type { Manifest } from '../config/manifest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { lastLines } from './bounded-log.ts';
import { differences, type OutputTree } from './output.ts';
import type { Limits, SandboxResult } from './sandbox.ts';

type Build = Manifest['build'];

/** @throws UNSAFE_PATH unless `build.output` is a folder below the component's own. */
export function checkOutputPath({ output }: Build): void {
  const wrong = whyUnsafePath(output.replace(/^\.\//, '').replace(/\/$/, ''));
  if (wrong === null) return;
  const expected = 'expected a folder inside the component, such as dist';
  throw new SlipwayError(
    'UNSAFE_PATH',
    `build.output in slipway.yaml is ${JSON.stringify(output)}: ${wrong}; ${expected}.`,
  );
}

/** @throws the code of how a build ended, unless it ended well and its output was packed. */
export function checkEnd(result: SandboxResult, build: Build, limits: Limits): void {
  const command = build.command.join(' ');
  const fail = (code: Parameters<typeof failed>[0], found: string): never => {
    throw failed(code, `build.command (${command}) ${found}`, result.log);
  };
  switch (result.ended) {
    case 'timed-out':
      return fail(
        'BUILD_TIMED_OUT',
        `did not end within ${formatDuration(limits.timeout)}, the platform's build.timeout`,
      );
    case 'log-too-large':
      return fail('BUILD_OUTPUT_TOO_LARGE', `printed more than ${limits.output} bytes, the platform's build.output`);
    case 'output-too-large':
      return fail('BUILD_OUTPUT_TOO_LARGE', `put out more than ${limits.output} bytes, the platform's build.output`);
    case 'stopped':
      return fail('BUILD_FAILED', 'was stopped');
    case 'exited':
      break;
  }
  if (result.exitCode === null) return fail('BUILD_FAILED', 'ended the shell that ran it');
  if (result.exitCode !== 0) return fail('BUILD_FAILED', `ended with ${result.exitCode}`);
  switch (result.output) {
    case 'packed':
      return;
    case 'outside':
      return fail('BUILD_OUTPUT_UNSAFE', `made ${build.output} a link that leaves the component's folder`);
    case 'unreadable':
      return fail('BUILD_OUTPUT_UNSAFE', `left files in ${build.output} that cannot be read`);
    case 'missing':
    case null:
      throw missingOutput(build, 'is no folder');
  }
}

export function missingOutput({ command, output }: Build, found: string): SlipwayError {
  const message = `After build.command (${command.join(' ')}), build.output (${output}) ${found}`;
  return new SlipwayError(
    'BUILD_OUTPUT_MISSING',
    `${message}; expected the built files there. Correct one of the two.`,
  );
}

/** Files that a message names. */
const NAMED = 5;

/** @throws NOT_REPRODUCIBLE, naming the first files that are not the same in both outputs (§6). */
export function checkReproduced(first: OutputTree, second: OutputTree): void {
  const differing = differences(first, second);
  if (differing.length === 0) return;
  const names = differing.slice(0, NAMED).map((path) => `${path} (${howDiffers(first.get(path), second.get(path))})`);
  const more = differing.length > NAMED ? ` and ${differing.length - NAMED} more` : '';
  const cause =
    'An output must not depend on the time, random numbers, the folder, user, host, locale or time zone of the build, ' +
    'its environment or the number of CPUs, nor on the order in which a folder lists its files; for a time, use ' +
    '$SOURCE_DATE_EPOCH.';
  throw new SlipwayError(
    'NOT_REPRODUCIBLE',
    `Two builds of the same source gave other files: ${names.join(', ')}${more}. ${cause}`,
  );
}

function howDiffers(first: string | undefined, second: string | undefined): string {
  if (second === undefined) return 'only in the first';
  if (first === undefined) return 'only in the second';
  const [[kindOfFirst], [kindOfSecond]] = [first.split(' '), second.split(' ')];
  return kindOfFirst === kindOfSecond ? 'other content' : `${kindOfFirst}, then ${kindOfSecond}`;
}

function failed(
  code: 'BUILD_FAILED' | 'BUILD_TIMED_OUT' | 'BUILD_OUTPUT_TOO_LARGE' | 'BUILD_OUTPUT_UNSAFE',
  found: string,
  log: string,
): SlipwayError {
  const words = log.trim() === '' ? 'It wrote nothing.' : `The end of what it wrote:\n${lastLines(log)}`;
  return new SlipwayError(code, `${found}. ${words}`);
}
