import { Agent, request } from 'undici';
import { SlipwayError } from '../../contract/failure.ts';
import { formatTarget } from '../../contract/target.ts';
import type { Observation, RuntimeDriver, RuntimeObserver } from '../driver.ts';
import { errorOf } from './protocol.ts';
import { socketsOf } from './sockets.ts';

/** The read-only side of the local runtime, with the list of all that it knows. */
export interface LocalObserver extends RuntimeObserver {
  /** Every target that was ever activated here. @throws RUNTIME_UNAVAILABLE */
  observeAll(signal?: AbortSignal): Promise<readonly Observation[]>;
}

/** The driver of the runtime in `folder`, over its control socket: for deployers. */
export function createLocalDriver({ folder }: { folder: string }): RuntimeDriver & LocalObserver {
  const call = createCall(socketsOf(folder).control);
  return {
    ...observerOver(call),
    prove: (request, signal) => call('POST', '/prove', { body: request, signal }),
    activate: (activation, signal) => call('POST', '/activate', { body: activation, signal }),
    restore: (restoration, signal) => call('POST', '/restore', { body: restoration, signal }),
    async retire(retirement) {
      await call('POST', '/retire', { body: retirement });
    },
  };
}

/** The same runtime over the socket that can change nothing: for everybody else. */
export function createLocalObserver({ folder }: { folder: string }): LocalObserver {
  return observerOver(createCall(socketsOf(folder).observe));
}

type Call = <T>(
  method: 'GET' | 'POST',
  path: string,
  options?: { readonly body?: object; readonly signal?: AbortSignal | undefined },
) => Promise<T>;

function observerOver(call: Call): LocalObserver {
  return {
    observe: (target, signal) => call('GET', `/targets/${formatTarget(target)}`, { signal }),
    measure: (target, signal) => call('GET', `/targets/${formatTarget(target)}/answers`, { signal }),
    async observeAll(signal) {
      return (await call<{ targets: readonly Observation[] }>('GET', '/targets', { signal })).targets;
    },
  };
}

function createCall(socketPath: string): Call {
  // No time-outs of its own: an activation takes as long as run.startWithin says, and the caller's signal ends it.
  const dispatcher = new Agent({ connect: { socketPath }, pipelining: 0, headersTimeout: 0, bodyTimeout: 0 });
  return async (method, path, { body, signal } = {}) => {
    let answer: { status: number; body: unknown };
    try {
      const response = await request(`http://runtime${path}`, {
        dispatcher,
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        ...(signal === undefined ? {} : { signal }),
      });
      answer = { status: response.statusCode, body: await response.body.json() };
    } catch (cause) {
      signal?.throwIfAborted();
      throw new SlipwayError(
        'RUNTIME_UNAVAILABLE',
        `The local runtime does not answer on ${socketPath} (${(cause as Error).message}). Start it with \`slipway up\`.`,
        { cause },
      );
    }
    if (answer.status === 200) return answer.body as never;
    throw (
      errorOf(answer.body) ??
      new SlipwayError(
        'RUNTIME_UNAVAILABLE',
        `The local runtime on ${socketPath} answered ${answer.status}, which this version does not understand.`,
      )
    );
  };
}
