import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is done to one request, or to its answer. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** The connection is cut once so many bytes of the request have gone on. */
  | { readonly cutRequestAfter: number }
  /** The connection is cut once so many bytes of the answer's body have come. */
  | { readonly cutAnswerAfter: number }
  /** The registry does it, and nobody hears of it. */
  | { readonly loseAnswer: true }
  /** Nothing comes, at all or after so many bytes of the answer's body. */
  | { readonly hang: true }
  | { readonly hangAfter: number }
  /** One bit of the answer's body is another, and so no checksum of a lower layer holds. */
  | { readonly flip: true }
  /** Other headers in the answer. */
  | { readonly answerHeaders: Record<string, string> }
  /** Waits until told to go on. */
  | { readonly until: Promise<unknown> };

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  /** Bytes of the request's body that came. */
  bytes: number;
}

export interface Proxy {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly seen: Seen[];
  /** Asked for each request; null lets it pass. Taken in turn from the beginning of the next request. */
  fault: (seen: Seen) => Fault | null;
  readonly close: () => Promise<void>;
}

/** A proxy before a registry that does to it what networks and other people's servers do. */
export async function startProxy(upstream: string): Promise<Proxy> {
  const server = createServer((asked, answer) => {
    const { method = '', url: path = '', headers } = asked;
    const seen: Seen = { method, path, authorization: headers.authorization, range: headers.range, bytes: 0 };
    proxy.seen.push(seen);
    const fault = proxy.fault(seen);
    const waits = fault !== null && 'until' in fault ? fault.until : Promise.resolve();
    void waits.then(() => {
      asked.on('data', (chunk: Buffer) => (seen.bytes += chunk.byteLength));
      pass(asked, answer, new URL(path, upstream), fault);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy: Proxy = {
    url: `http://127.0.0.1:${port}`,
    seen: [],
    fault: () => null,
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

function pass(asked: IncomingMessage, answer: ServerResponse, url: URL, fault: Fault | null): void {
  if (fault !== null && 'hang' in fault) {
    asked.resume();
    return;
  }
  if (fault !== null && 'status' in fault) {
    asked.resume();
    asked.once('end', () => answer.writeHead(fault.status, fault.headers).end(fault.body));
    return;
  }
  // With the host that we were asked as, so that the registry sends people back to us.
  const onward = request(url, { method: asked.method, headers: asked.headers, agent: false });
  onward.on('error', () => answer.destroy());
  onward.on('response', (response) => back(response, answer, fault));
  answer.on('close', () => onward.destroy());
  let left = fault !== null && 'cutRequestAfter' in fault ? fault.cutRequestAfter : Number.POSITIVE_INFINITY;
  asked.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, left);
    left -= part.byteLength;
    if (left > 0) {
      if (!onward.write(part)) {
        asked.pause();
        onward.once('drain', () => asked.resume());
      }
      return;
    }
    // What went on is to arrive, so that a registry that keeps it has it.
    asked.pause();
    onward.write(part, () => setTimeout(() => onward.destroy(), 50));
    setTimeout(() => asked.destroy(), 60);
  });
  asked.on('end', () => onward.end());
  asked.on('error', () => undefined);
  asked.resume();
}

function back(response: IncomingMessage, answer: ServerResponse, fault: Fault | null): void {
  if (fault !== null && 'loseAnswer' in fault) {
    response.resume();
    answer.destroy();
    return;
  }
  const more = fault !== null && 'answerHeaders' in fault ? fault.answerHeaders : {};
  answer.writeHead(response.statusCode ?? 500, { ...response.headers, ...more });
  if (fault !== null && ('cutAnswerAfter' in fault || 'hangAfter' in fault)) {
    let left = 'cutAnswerAfter' in fault ? fault.cutAnswerAfter : fault.hangAfter;
    answer.flushHeaders();
    response.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, left);
      left -= part.byteLength;
      answer.write(part, () => {
        if (left <= 0 && 'cutAnswerAfter' in fault) answer.destroy();
      });
      if (left <= 0) response.pause();
    });
    return;
  }
  let flip = fault !== null && 'flip' in fault;
  response.on('data', (chunk: Buffer) => {
    if (flip && chunk.byteLength > 0) chunk[chunk.byteLength >> 1] = (chunk[chunk.byteLength >> 1] ?? 0) ^ 1;
    flip = false;
    if (!answer.write(chunk)) {
      response.pause();
      answer.once('drain', () => response.resume());
    }
  });
  response.on('end', () => answer.end());
}
