import { formatDuration } from '../config/duration.ts';
import type { SmokeTest } from '../config/manifest.ts';
import type { CommandSmokeTest, HttpSmokeTest } from '../config/smoke-test.ts';
import { clipped, excerpt } from './excerpt.ts';
import { probedFor, type ProbeAnswer, type ProbeOptions } from './probe.ts';
import { checkAnswer, expectedAnswer, type SmokeCheck } from './smoke-answer.ts';
import { combine, type Verdict } from './verdict.ts';

/** What one smoke test came to. Evidence, so it is small and plain JSON. */
export interface SmokeResult {
  readonly name: string;
  /** As {@link smokeResultVerdict} says. */
  readonly verdict: Verdict;
  readonly checks: readonly SmokeCheck[];
  /** We were slow, so that a check which did not pass may be our doing. */
  readonly late: boolean;
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
  readonly request: (path: string, options: Pick<ProbeOptions, 'timeout' | 'headers'>) => Promise<ProbeAnswer>;
  readonly runCommand: RunCommand;
  readonly signal?: AbortSignal | undefined;
  /** Whether nothing of an answer is quoted: results are sealed, and who is given a secret may answer with it. */
  readonly isDiscreet?: boolean | undefined;
  /** Called after each of several tests. */
  readonly onResult?: ((result: SmokeResult) => void) | undefined;
}

type Discretion = Pick<SmokeDeps, 'isDiscreet'>;

/** By this the runtime tells a smoke test from a person's request: it is no part of what it measures. */
const HEADERS = probedFor('smoke');

/** Runs one smoke test (§7, §10). What was too late on our side to tell is tried once more, then inconclusive. */
export async function runSmokeTest(test: SmokeTest, deps: SmokeDeps): Promise<SmokeResult> {
  const { timeout } = test;
  if ('command' in test) {
    return judgeCommand(test, await deps.runCommand(test.command, { timeout, signal: deps.signal }), deps);
  }
  const ask = async () => judgeAnswer(test, await deps.request(test.path, { timeout, headers: HEADERS }), deps);
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
  return combine(results.map(smokeResultVerdict));
}

/**
 * What a smoke test came to, out of its recorded checks alone: every one of them passed, or it failed; where we were
 * late it is inconclusive, and so is a test without checks.
 */
export function smokeResultVerdict({ checks, late }: Pick<SmokeResult, 'checks' | 'late'>): Verdict {
  if (checks.length === 0) return 'inconclusive';
  if (checks.every(({ passed }) => passed)) return 'pass';
  return late ? 'inconclusive' : 'fail';
}

function judgeAnswer(test: HttpSmokeTest, answer: ProbeAnswer, { isDiscreet = false }: Discretion): SmokeResult {
  const { checks, found } = checkAnswer(test, answer);
  const { late, elapsed, detail } = answer;
  const verdict = smokeResultVerdict({ checks, late });
  const expected = expectedAnswer(test);
  const seen = isDiscreet ? detail : [detail, ...found].join(', ');
  const beginning = isDiscreet ? '' : quoted(', beginning', answer.body);
  const message =
    verdict === 'pass'
      ? `GET ${test.path}: ${detail}, as expected: ${expected}`
      : `GET ${test.path}: ${seen}${beginning}; expected ${expected}`;
  const blame = verdict === 'inconclusive' ? ' (the delay was on our side)' : '';
  return { name: test.name, verdict, checks, late, message: `${clipped(message, LONGEST)}${blame}`, elapsed };
}

function judgeCommand(test: CommandSmokeTest, answer: CommandAnswer, { isDiscreet = false }: Discretion): SmokeResult {
  const { name, command, timeout } = test;
  const { exitCode, timedOut, elapsed } = answer;
  const checks = [
    { what: `ended within ${formatDuration(timeout)}`, passed: !timedOut },
    { what: 'exit code 0', passed: exitCode === 0 },
  ];
  const verdict = smokeResultVerdict({ checks, late: false });
  const ended = exitCode === null ? 'was ended by a signal' : `ended with ${exitCode}`;
  const found = timedOut ? 'did not end' : ended;
  const output =
    verdict === 'pass' || isDiscreet ? '' : quoted(', last line', answer.output.trimEnd().split('\n').at(-1) ?? '');
  const message = `${command.join(' ')}: ${found}${output}; expected 0 within ${formatDuration(timeout)}`;
  return { name, verdict, checks, late: false, message, elapsed };
}

/** Characters of a message. */
const LONGEST = 1_000;

/** Enough of a text to recognise it by: results become evidence, and stay small. Nothing, for an empty text. */
function quoted(introduction: string, text: string): string {
  const beginning = excerpt(text);
  return beginning === '' ? '' : `${introduction} ${JSON.stringify(beginning)}`;
}
