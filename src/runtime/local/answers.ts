import type { IncomingMessage, ServerResponse } from 'node:http';
import { bucketOf, type AnswerCounts, type Answers } from '../../contract/answers.ts';
import { PROBE_HEADER } from '../driver.ts';

/** Counts what came of the requests that one instance was given. In memory only: a runtime that starts counts anew. */
export interface AnswerCounter {
  /** `latency`: milliseconds. */
  count(asker: keyof Answers, latency: number, isError: boolean): void;
  answers(): Answers;
  /** The last {@link KEPT} answers that users were given. */
  last(): AnswerCounts;
}

/** As many as a later version is compared with. */
const KEPT = 200;

export function createAnswerCounter(): AnswerCounter {
  const counts = { users: createCounts(), probes: createCounts() };
  const last: { readonly bucket: number; readonly isError: boolean }[] = [];
  let next = 0;
  return {
    count(asker, latency, isError) {
      const bucket = bucketOf(latency);
      counts[asker].add(bucket, isError);
      if (asker !== 'users') return;
      last[next] = { bucket, isError };
      next = (next + 1) % KEPT;
    },
    answers: () => ({ users: counts.users.read(), probes: counts.probes.read() }),
    last() {
      const kept = createCounts();
      for (const { bucket, isError } of last) kept.add(bucket, isError);
      return kept.read();
    },
  };
}

/**
 * Counts a request once its answer has ended, and takes the probe's header away from it. To be called before it is
 * handed on. A client that went away before that has no answer to be counted; nor has one whose connection we closed.
 */
export function countAnswer(counter: AnswerCounter, request: IncomingMessage, response: ServerResponse): void {
  const begun = performance.now();
  const asker = askerOf(request);
  hideProbe(request);
  if (asker === null) return;
  response.once('close', () => {
    const whole = response.writableFinished;
    // The proxy ends with an error what an instance broke off; a client that leaves, or a drain, ends it with none.
    if (!whole && !(response.errored instanceof Error)) return;
    counter.count(asker, performance.now() - begun, !whole || response.statusCode >= 500);
  });
}

/** An instance that could tell a probe could treat it better. */
export function hideProbe(request: IncomingMessage): void {
  delete request.headers[PROBE_HEADER];
}

function askerOf({ headers }: IncomingMessage): keyof Answers | null {
  switch (headers[PROBE_HEADER]) {
    case undefined:
      return 'users';
    case 'smoke':
      return null;
    default:
      return 'probes';
  }
}

function createCounts() {
  // As many buckets as latencies differ by 5 %: some 300 up to an hour.
  const latencies = new Map<number, number>();
  let answers = 0;
  let errors = 0;
  return {
    add(bucket: number, isError: boolean): void {
      answers += 1;
      if (isError) errors += 1;
      latencies.set(bucket, (latencies.get(bucket) ?? 0) + 1);
    },
    read: (): AnswerCounts => ({ answers, errors, latencies: [...latencies].toSorted(([a], [b]) => a - b) }),
  };
}
