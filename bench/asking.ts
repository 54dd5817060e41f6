import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Page } from './shop.ts';

/** One answer, as a client of the stable address has it. */
export interface Answer {
  /** When it was there whole: milliseconds of the wall clock, which the workers and instances of this machine share. */
  readonly at: number;
  /** Null where there was no whole answer. */
  readonly status: number | null;
  /** Null where the answer is no page. */
  readonly page: Page | null;
}

/** A client that asks for the page, one request after the other, on one connection. */
export interface Asking {
  /** The first answer, from now on or before, that `wanted` takes. @throws when it asks no more, and there was none */
  until(wanted: (answer: Answer) => boolean): Promise<Answer>;
  /** Asks no more. @returns every answer, in order */
  stop(): Promise<readonly Answer[]>;
}

/** Milliseconds between an answer and the next request: its load is there all the time, and is not to be what is measured. */
const PAUSE = 1;
/** Milliseconds; a page is there in one or two. */
const PATIENCE = 2_000;

export function askAgainAndAgain(address: string): Asking {
  const agent = new Agent({ connections: 1 });
  const answers: Answer[] = [];
  let stopped = false;

  const asking = (async () => {
    while (!stopped) {
      answers.push(await ask(`${address}/`, agent));
      await delay(PAUSE);
    }
  })();

  return {
    async until(wanted) {
      for (let next = 0; ;) {
        const answer = answers[next];
        if (answer === undefined) {
          if (stopped) throw new Error(`${address} never answered what was waited for`);
          await delay(PAUSE);
        } else if (wanted(answer)) return answer;
        else next += 1;
      }
    },
    async stop() {
      stopped = true;
      await asking;
      await agent.destroy();
      return answers;
    },
  };
}

async function ask(url: string, dispatcher: Agent): Promise<Answer> {
  try {
    const { statusCode: status, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(PATIENCE) });
    const text = await body.text();
    return { at: Date.now(), status, page: status === 200 ? (JSON.parse(text) as Page) : null };
  } catch {
    return { at: Date.now(), status: null, page: null };
  }
}
