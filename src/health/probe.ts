import { Agent, type Dispatcher, request } from 'undici';
import { formatDuration } from '../config/duration.ts';
import { PROBE_HEADER } from '../runtime/driver.ts';

/** What one request came to. `status` is null exactly when `ended` is not `answered`. */
export interface ProbeAnswer {
  /**
   * - `answered`  a whole answer was read within the time-out: a fact, however slow we were;
   * - `timed-out` not within the time-out, whatever was accepted, sent or dripped until then;
   * - `refused`   nothing listens there;
   * - `broken`    the connection ended before the answer did.
   */
  readonly ended: 'answered' | 'timed-out' | 'refused' | 'broken';
  readonly status: number | null;
  readonly body: string;
  /** By lower-case name; one that came several times, joined by commas. Empty unless answered. */
  readonly headers: Readonly<Record<string, string>>;
  /** What was seen, in a few words. */
  readonly detail: string;
  /** Milliseconds. */
  readonly elapsed: number;
  /** We were slow, so that a bad answer, or none, may be our doing: inconclusive, never bad. */
  readonly late: boolean;
}

export interface ProbeOptions {
  /** Milliseconds until the last byte of the body. */
  readonly timeout: number;
  /** To send with the request, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends the probe; its reason is thrown, for an aborted probe has seen nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Another way there, such as the Unix socket of a throwaway instance. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** The headers of a request that no user makes. Answers to a smoke test are not counted at all: it asks for odd things. */
export function probedFor(purpose: 'health' | 'smoke'): Readonly<Record<string, string>> {
  return { [PROBE_HEADER]: purpose };
}

export interface Prober {
  /** Asks once, following no redirect. What the other side does is an answer, never an exception. */
  probe(url: string, options: ProbeOptions): Promise<ProbeAnswer>;
  close(): Promise<void>;
}

/** A time-out that overran by more than this was our delay. */
const OVERRUN = 1.25;
/** Milliseconds that the event loop may stand still during a probe. */
const STALL = 100;
/** Bytes. Nobody checks a page by more than this, and a page without end must not become our memory. */
const LARGEST_PAGE = 16 * 2 ** 20;

/**
 * Opens a prober: each probe on a connection of its own, because a kept one goes on answering after its listener has
 * gone. Ask `127.0.0.1` by number: `localhost` may be another address. Close it when done.
 * `largest`: bytes of a body; 16 MiB unless given. A larger one breaks the probe.
 */
export function createProber({ largest = LARGEST_PAGE }: { readonly largest?: number } = {}): Prober {
  const noOtherLimit = { connect: { timeout: 0 }, headersTimeout: 0, bodyTimeout: 0 };
  const agent = new Agent({ pipelining: 0, maxResponseSize: largest, ...noOtherLimit });
  return {
    probe: (url, options) => probeOnce(url, { dispatcher: agent, ...options }),
    close: () => agent.destroy(),
  };
}

async function probeOnce(url: string, { timeout, signal, dispatcher, headers }: ProbeOptions): Promise<ProbeAnswer> {
  signal?.throwIfAborted();
  const begun = performance.now();
  const loop = watchEventLoop();
  // undici's own time-outs are coarse, and let a body drip for ever: this one is exact, and spans the whole answer.
  const limit = AbortSignal.timeout(timeout);
  const seen = await request(url, {
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    ...(headers === undefined ? {} : { headers }),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  })
    .then(async (response) => answered(response, await response.body.text()))
    .catch((error: unknown) => unanswered(error, timeout))
    .finally(() => loop.stop());
  signal?.throwIfAborted();
  const elapsed = performance.now() - begun;
  const late = elapsed > timeout * OVERRUN || loop.longestStall() > STALL;
  const inTime = seen.ended !== 'answered' || elapsed <= timeout;
  return { ...(inTime ? seen : timedOut(timeout)), elapsed: Math.round(elapsed), late };
}

type Seen = Pick<ProbeAnswer, 'ended' | 'status' | 'body' | 'headers' | 'detail'>;

const NOTHING = { status: null, body: '', headers: {} } as const;

function answered({ statusCode: status, headers }: Dispatcher.ResponseData, body: string): Seen {
  const named = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  return { ended: 'answered', status, body, headers: Object.fromEntries(named), detail: `answered ${status}` };
}

function timedOut(timeout: number): Seen {
  return { ended: 'timed-out', ...NOTHING, detail: `no whole answer within ${formatDuration(timeout)}` };
}

function unanswered(error: unknown, timeout: number): Seen {
  const { name, code, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  if (name === 'TimeoutError') return timedOut(timeout);
  // A Unix socket whose file is gone is a listener that is gone.
  if (code === 'ECONNREFUSED' || code === 'ENOENT')
    return { ended: 'refused', ...NOTHING, detail: 'connection refused' };
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return { ended: 'broken', ...NOTHING, detail: 'the answer is too large' };
  return { ended: 'broken', ...NOTHING, detail: `connection broke: ${message || code || name}`.slice(0, 200) };
}

/**
 * How long this process stood still. `monitorEventLoopDelay` would not do: it misses a stall in its first period, and
 * one that has only just ended, which are those that a short probe meets.
 */
function watchEventLoop() {
  const period = 10;
  let last = performance.now();
  let longest = 0;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - period);
    last = now;
  };
  const timer = setInterval(tick, period);
  return {
    stop: () => {
      clearInterval(timer);
      tick();
    },
    longestStall: () => longest,
  };
}
