import { Agent, request } from 'undici';

/** Milliseconds between two requests: ten a second. */
const PAUSE = 100;
/** Milliseconds after which a request that has no whole answer has failed. */
const PATIENCE = 10_000;
/** Failures that are remembered word by word. */
const REMEMBERED = 5;

export interface RequestCount {
  readonly sent: number;
  readonly failed: number;
}

/** Somebody who goes on asking one address, whatever is deployed behind it. */
export interface SteadyClient {
  /** Those that are under way count as sent, and not yet as failed. */
  count(): RequestCount;
  /** The same of one part of the story: those that were sent in it, whenever they were answered. */
  countIn(part: number): RequestCount;
  /** The first failures: when, and what was seen in place of a 200. */
  failures(): readonly string[];
  /** Asks no more. Resolves once the last answer is here, so that the count is final. */
  stop(): Promise<void>;
}

export interface AskingOptions {
  /** Milliseconds between two requests, and after which one without a whole answer has failed. */
  readonly pause?: number;
  readonly patience?: number;
  /** The part of the story that is told right now. */
  readonly part?: () => number;
}

/**
 * Begins to ask `url`, ten times a second. A request has failed unless a whole answer with status 200 comes: a refused
 * or broken connection, another status, and silence all count. It does not wait for one answer before it asks again.
 */
export function askSteadily(
  url: string,
  { pause = PAUSE, patience = PATIENCE, part: partNow = () => 0 }: AskingOptions = {},
): SteadyClient {
  const agent = new Agent({ connect: { timeout: patience } });
  const underWay = new Set<Promise<void>>();
  const failures: string[] = [];
  const counts = new Map<number, { sent: number; failed: number }>();
  let stopped: Promise<void> | null = null;

  function countIn(part: number): { sent: number; failed: number } {
    const count = counts.get(part) ?? { sent: 0, failed: 0 };
    counts.set(part, count);
    return count;
  }

  async function ask(count: { failed: number }): Promise<void> {
    const at = new Date().toISOString();
    const seen = await answerOf(url, agent, patience);
    if (seen === '200') return;
    count.failed += 1;
    if (failures.length < REMEMBERED) failures.push(`${at} ${seen}`);
  }

  function begin(): void {
    const count = countIn(partNow());
    count.sent += 1;
    const asked = ask(count).finally(() => underWay.delete(asked));
    underWay.add(asked);
  }

  async function stop(): Promise<void> {
    clearInterval(timer);
    await Promise.all(underWay);
    await agent.destroy();
  }

  const timer = setInterval(begin, pause);
  begin();

  return {
    count: () => totalOf([...counts.values()]),
    countIn: (part) => ({ ...countIn(part) }),
    failures: () => [...failures],
    stop: () => (stopped ??= stop()),
  };
}

function totalOf(counts: readonly RequestCount[]): RequestCount {
  const sum = (each: (count: RequestCount) => number): number =>
    counts.reduce((total, count) => total + each(count), 0);
  return { sent: sum(({ sent }) => sent), failed: sum(({ failed }) => failed) };
}

/** The status of a whole answer, or what went wrong. */
async function answerOf(url: string, dispatcher: Agent, patience: number): Promise<string> {
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(patience) });
    await body.text();
    return String(statusCode);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === undefined ? message : `${code}: ${message}`;
  }
}
