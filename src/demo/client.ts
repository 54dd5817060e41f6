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
  /** The first failures: when, and what was seen in place of a 200. */
  failures(): readonly string[];
  /** Asks no more. Resolves once the last answer is here, so that the count is final. */
  stop(): Promise<void>;
}

/**
 * Begins to ask `url`, ten times a second. A request has failed unless a whole answer with status 200 comes: a refused
 * or broken connection, another status, and silence all count. It does not wait for one answer before it asks again.
 */
export function askSteadily(url: string, { pause = PAUSE, patience = PATIENCE } = {}): SteadyClient {
  const agent = new Agent({ connect: { timeout: patience } });
  const underWay = new Set<Promise<void>>();
  const failures: string[] = [];
  let sent = 0;
  let failed = 0;
  let stopped: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const at = new Date().toISOString();
    const seen = await answerOf(url, agent, patience);
    if (seen === '200') return;
    failed += 1;
    if (failures.length < REMEMBERED) failures.push(`${at} ${seen}`);
  }

  function begin(): void {
    sent += 1;
    const asked = ask().finally(() => underWay.delete(asked));
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
    count: () => ({ sent, failed }),
    failures: () => [...failures],
    stop: () => (stopped ??= stop()),
  };
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
