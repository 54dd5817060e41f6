import { stat } from 'node:fs/promises';
import { Agent, request } from 'undici';
import type { Health } from '../../config/manifest.ts';

/** Without pipelining no connection is kept: a kept one once got 200 from a listener that was gone. */
const agent = new Agent({ pipelining: 0 });

/** Asks for `path`, and reads the whole answer: null when that is 2xx, else what was seen instead. */
export async function lookAtPath(port: number, path: string, signal: AbortSignal): Promise<string | null> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { dispatcher: agent, signal });
    await body.text();
    return statusCode >= 200 && statusCode < 300 ? null : `${path} answered ${statusCode}`;
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    return `${path}: ${timedOut ? 'no answer in time' : (error as Error).message}`;
  }
}

/** An agent is ready once it has touched its heartbeat. */
export async function lookAtHeartbeat(file: string): Promise<string | null> {
  return (await heartbeatAge(file)) === null ? 'no heartbeat yet' : null;
}

/** Milliseconds since the last heartbeat; null before the first. */
export async function heartbeatAge(file: string): Promise<number | null> {
  const touched = await stat(file).catch(() => null);
  return touched === null ? null : Math.max(0, Math.round(Date.now() - touched.mtimeMs));
}

/** Whether a heartbeat is so old that as many were missed as the manifest allows failures. */
export function isStale(age: number | null, health: Health): boolean {
  return 'heartbeat' in health && (age === null || age > health.heartbeat * health.failures);
}
