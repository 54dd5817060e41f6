import { formatDuration } from '../config/duration.ts';
import type { CommandSmokeTest, HttpSmokeTest, SmokeTest } from '../config/manifest.ts';
import type { ProbeAnswer } from './probe.ts';
import { combine, type Verdict } from './verdict.ts';

/** What one smoke test came to. */
export interface SmokeResult {
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, and what was expected. */
  readonly message: string;
  /** Milliseconds. */
  readonly elapsed: number;
}

/** What a sandboxed command of the component came to. */
export interface CommandAnswer {
  /** Null when it was ended by a signal, or for taking too long. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** The end of its output. */
  readonly output: string;
  /** Milliseconds. */
  readonly elapsed: number;
}

/**
 * Runs a command of the component sandboxed, without credentials, reaching only `$SLIPWAY_URL`, for at most `timeout`
 * milliseconds. A sandbox that cannot be had is thrown: that is no answer of the component's.
 */
export type RunCommand = (
  command: readonly string[],
  options: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
) => Promise<CommandAnswer>;

export interface SmokeDeps {
  /** Asks the instance under test for a path. */
  readonly request: (path: string, options: { readonly timeout: number }) => Promise<ProbeAnswer>;
  readonly runCommand: RunCommand;
  readonly signal?: AbortSignal | undefined;
  /** Called after each of several tests. */
  readonly onResult?: ((result: SmokeResult) => void) | undefined;
}

/** Runs one smoke test (§7, §10). What was too late on our side to tell is tried once more, then inconclusive. */
export async function runSmokeTest(test: SmokeTest, deps: SmokeDeps): Promise<SmokeResult> {
  const { timeout } = test;
  if ('command' in test) {
    return judgeCommand(test, await deps.runCommand(test.command, { timeout, signal: deps.signal }));
  }
  const ask = async () => judgeAnswer(test, await deps.request(test.path, { timeout }));
  const first = await ask();
  return first.verdict === 'inconclusive' ? ask() : first;
}

/** Runs the smoke tests that are marked for `at`, in their order, up to the first that fails. */
export async function runSmokeTests(
  tests: readonly SmokeTest[],
  at: SmokeTest['at'][number],
  deps: SmokeDeps,
): Promise<readonly SmokeResult[]> {
  const results: SmokeResult[] = [];
  for (const test of tests.filter((candidate) => candidate.at.includes(at))) {
    const result = await runSmokeTest(test, deps);
    results.push(result);
    deps.onResult?.(result);
    if (result.verdict === 'fail') break;
  }
  return results;
}

/** All smoke tests together: none at all is missing data. */
export function smokeVerdict(results: readonly SmokeResult[]): Verdict {
  return combine(results.map((result) => result.verdict));
}

function judgeAnswer(test: HttpSmokeTest, answer: ProbeAnswer): SmokeResult {
  const lacks = test.includes !== undefined && !answer.body.includes(test.includes);
  const passed = answer.status === test.status && !lacks;
  const expected = expectedAnswer(test);
  const message = passed
    ? `GET ${test.path}: ${answer.detail}, as expected: ${expected}`
    : `GET ${test.path}: ${answer.detail}${quoted(', beginning', answer.body)}; expected ${expected}`;
  const { elapsed } = answer;
  if (passed || !answer.late) return { name: test.name, verdict: passed ? 'pass' : 'fail', message, elapsed };
  return { name: test.name, verdict: 'inconclusive', message: `${message} (the delay was on our side)`, elapsed };
}

function expectedAnswer({ status, includes, timeout }: HttpSmokeTest): string {
  const text = includes === undefined ? '' : ` that includes ${JSON.stringify(includes)}`;
  return `${status}${text} within ${formatDuration(timeout)}`;
}

function judgeCommand(test: CommandSmokeTest, answer: CommandAnswer): SmokeResult {
  const { name, command, timeout } = test;
  const passed = answer.exitCode === 0 && !answer.timedOut;
  const ended = answer.exitCode === null ? 'was ended by a signal' : `ended with ${answer.exitCode}`;
  const found = answer.timedOut ? 'did not end' : ended;
  const output = passed ? '' : quoted(', last line', answer.output.trimEnd().split('\n').at(-1) ?? '');
  const message = `${command.join(' ')}: ${found}${output}; expected 0 within ${formatDuration(timeout)}`;
  return { name, verdict: passed ? 'pass' : 'fail', message, elapsed: answer.elapsed };
}

/** Enough of a text to recognise it by: results become evidence, and stay small. Nothing, for an empty text. */
function quoted(introduction: string, text: string): string {
  const beginning = text.replaceAll(/\s+/g, ' ').trim().slice(0, 120);
  return beginning === '' ? '' : `${introduction} ${JSON.stringify(beginning)}`;
}
