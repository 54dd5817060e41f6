import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { DoneInput } from '../contract/done.ts';
import { SlipwayError } from '../contract/failure.ts';
import { compiledFolder } from '../temporal/installation.ts';
import type { Outcome } from './rule.ts';

/** A rule, and the input to judge it for. */
export interface Question {
  readonly rule: string;
  readonly input: DoneInput;
}

/** What the process reads from its standard input, as JSON. */
export interface Work {
  readonly questions: readonly Question[];
  /** Milliseconds for all of them together, from when it begins. */
  readonly timeout: number;
}

/**
 * What the process writes: `begun` (what went before is not the rules' time), then an outcome a line, as JSON, and
 * `overdue` when a rule had to be stopped.
 */
export const BEGUN = 'begun';
export const OVERDUE = 'overdue';

/** The fault of a rule after the one that took too much. */
export const NOT_REACHED = 'it was not reached, for a rule before it did not end';

/** MiB of heap: an input and fifty rules need ten. */
const MEMORY = 64;

/** Milliseconds that the process may take besides its rules: 70 on an idle machine. */
const STARTS_WITHIN = 30_000;

/**
 * Judges rules that others wrote in one process of their own, with limits to its time and memory, without environment.
 * The rule that takes too much of either has an outcome that says so, as have those after it. The process's start does
 * not count: a busy machine is no evidence against a change.
 *
 * Not in a thread: a worker's limit holds for what grows in small steps only, and one large string ends the whole process.
 *
 * @param timeout milliseconds for all rules together
 * @throws INTERNAL when the process did not begin, or somebody else ended it
 */
export async function judgeApart(questions: readonly Question[], timeout: number): Promise<readonly Outcome[]> {
  const ended = await new Promise<Ended>((resolve) => {
    const child = execFile(process.execPath, argumentsOf(), optionsFor(timeout), (error, stdout) => {
      resolve({ stdout, signal: error?.signal ?? null, isKilled: error?.killed ?? false });
    });
    // A process that died reads nothing more; how it died is told by its end.
    child.stdin?.on('error', () => undefined).end(JSON.stringify({ questions, timeout } satisfies Work));
  });
  return outcomesOf(questions, timeout, ended);
}

/** {@link judgeApart} for who cannot await: stops this process meanwhile. */
export function judgeApartSync(questions: readonly Question[], timeout: number): readonly Outcome[] {
  const input = JSON.stringify({ questions, timeout } satisfies Work);
  const { stdout, signal, error } = spawnSync(process.execPath, argumentsOf(), { ...optionsFor(timeout), input });
  const isKilled = error !== undefined && 'code' in error && error.code === 'ETIMEDOUT';
  return outcomesOf(questions, timeout, { stdout, signal, isKilled });
}

function argumentsOf(): string[] {
  return [`--max-old-space-size=${MEMORY}`, join(compiledFolder(), 'src', 'done', 'main.js')];
}

function optionsFor(timeout: number) {
  const limits = { timeout: timeout + STARTS_WITHIN, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 } as const;
  return { ...limits, env: {}, encoding: 'utf8' } as const;
}

interface Ended {
  readonly stdout: string;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was this process that ended it, at its outermost limit. */
  readonly isKilled: boolean;
}

/** Rules without an answer do not hold: the first of them is what took too much, the others were not reached. */
function outcomesOf(questions: readonly Question[], timeout: number, ended: Ended): readonly Outcome[] {
  const [begun, ...told] = ended.stdout.split('\n').slice(0, -1);
  const isOverdue = told.at(-1) === OVERDUE;
  const outcomes = told.slice(0, isOverdue ? -1 : told.length).map((line) => JSON.parse(line) as Outcome);
  if (outcomes.length === questions.length) return outcomes;
  if (begun !== BEGUN) throw notJudged(`its process did not begin (${ended.signal ?? 'no signal'})`);

  const unanswered = (reason: string): readonly Outcome[] =>
    questions.slice(outcomes.length).map((_, index) => ({
      fault: index === 0 ? reason : NOT_REACHED,
    }));
  if (isOverdue || ended.isKilled) return [...outcomes, ...unanswered(`it did not end within ${timeout} ms`)];
  if (isFull(ended)) return [...outcomes, ...unanswered(`it took more than ${MEMORY} MiB of memory`)];
  throw notJudged(`its process was ended (${ended.signal ?? 'no signal'})`);
}

/** How V8 ends when the heap is full. Every other signal came from somebody else, and says nothing about a rule. */
function isFull({ signal }: Ended): boolean {
  return signal === 'SIGABRT' || signal === 'SIGTRAP';
}

function notJudged(reason: string): SlipwayError {
  return new SlipwayError('INTERNAL', `the Definition of Done could not be judged: ${reason}`);
}
