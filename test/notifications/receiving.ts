import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { serve } from '../health/servers.ts';

/** What a receiver got. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real receiver on this machine, until the test has finished; `answer` is given how many it has got before. */
export async function openReceiver(answer: (response: ServerResponse, before: number) => void) {
  const received: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    received.push({ path: request.url ?? '', headers: request.headers, body });
    answer(response, received.length - 1);
  };
  const address = await serve((request, response) => void take(request, response));
  return { address, received };
}

export const answering =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, headers).end('thanks');
  };
