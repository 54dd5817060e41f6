import type { IncomingMessage, RequestListener } from 'node:http';
import { type AnswerCounts, type Answers, bucketOf, NO_ANSWERS, plus } from '../../src/contract/answers.ts';
import type { Measurement } from '../../src/runtime/driver.ts';
import { serve } from './servers.ts';

export interface CountedServer {
  readonly address: string;
  readonly measure: () => Promise<Measurement>;
  /** What each request said of itself, in their order. */
  readonly purposes: readonly (string | undefined)[];
}

/** Serves as an instance behind its runtime is: answers are counted by who asked, but for those to smoke tests. */
export async function serveCounted(
  listener: RequestListener,
  { before = null as AnswerCounts | null, instance = 'a1' } = {},
): Promise<CountedServer> {
  let answers: Answers = NO_ANSWERS;
  const purposes: (string | undefined)[] = [];
  const address = await serve((request, response) => {
    const purpose = purposeOf(request);
    purposes.push(purpose);
    const begun = performance.now();
    response.on('finish', () => {
      if (purpose === 'smoke') return;
      const who = purpose === undefined ? 'users' : 'probes';
      const one = { answers: 1, errors: response.statusCode >= 500 ? 1 : 0 };
      const latencies = [[bucketOf(performance.now() - begun), 1]] as const;
      answers = { ...answers, [who]: plus(answers[who], { ...one, latencies }) };
    });
    listener(request, response);
  });
  return { address, measure: async () => ({ live: { instance, answers }, before }), purposes };
}

function purposeOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['slipway-probe'];
  return Array.isArray(given) ? given[0] : given;
}
