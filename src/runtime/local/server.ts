import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { codeOf, FAILURES, SlipwayError } from '../../contract/failure.ts';
import { parseTarget } from '../../contract/target.ts';
import { effect } from '../../failpoints.ts';
import type { Mask } from '../../secrets/mask.ts';
import type { Observation, RuntimeDriver } from '../driver.ts';
import { errorBody, requests } from './protocol.ts';
import type { RuntimeSockets } from './sockets.ts';

/** The driver, and the list that only a runtime itself can give. */
export interface ServedRuntime extends RuntimeDriver {
  observeAll(): Promise<readonly Observation[]>;
}

interface Deps {
  readonly logger: Logger;
  /** Goes over whatever an error says. */
  readonly mask: Mask;
}

/** Serves a runtime on its two sockets: everything on `control`, reading only on `observe`. Resolves with how to stop. */
export async function serveRuntime(
  runtime: ServedRuntime,
  sockets: RuntimeSockets,
  deps: Deps,
): Promise<() => Promise<void>> {
  const servers = [
    await listen(sockets.control, (request, signal) => change(runtime, request, signal), deps),
    await listen(sockets.observe, (request) => read(runtime, request), deps),
  ];
  return () =>
    effect('driver.close-sockets', sockets.folder, async (midway) => {
      await Promise.all(servers.map(stop));
      midway();
      await Promise.all([sockets.control, sockets.observe].map((socket) => rm(socket, { force: true })));
    });
}

type Handler = (request: IncomingMessage, signal: AbortSignal) => Promise<unknown>;

async function change(runtime: ServedRuntime, request: IncomingMessage, signal: AbortSignal): Promise<unknown> {
  switch (`${request.method} ${request.url}`) {
    case 'POST /prove':
      return runtime.prove(await bodyOf(request, requests.prove), signal);
    case 'POST /activate':
      return runtime.activate(await bodyOf(request, requests.activate), signal);
    case 'POST /restore':
      return runtime.restore(await bodyOf(request, requests.restore), signal);
    case 'POST /retire':
      await runtime.retire(await bodyOf(request, requests.retire));
      return {};
    default:
      return read(runtime, request);
  }
}

async function read(runtime: ServedRuntime, { method, url = '' }: IncomingMessage): Promise<unknown> {
  if (method !== 'GET') {
    throw new SlipwayError(
      'ACT_REFUSED',
      `${method} ${url}: this socket only observes. Only the deployer can change a runtime.`,
    );
  }
  if (url === '/targets') return { targets: await runtime.observeAll() };
  const [, name = '', answers] = /^\/targets\/(.*?)(\/answers)?$/.exec(url) ?? [];
  const target = parseTarget(name);
  if (target === null) {
    throw new SlipwayError(
      'USAGE',
      `${method} ${url}: expected /targets, /targets/ENVIRONMENT/COMPONENT or /targets/ENVIRONMENT/COMPONENT/answers.`,
    );
  }
  return answers === undefined ? runtime.observe(target) : runtime.measure(target);
}

async function bodyOf<S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.output<S>> {
  let body: unknown;
  try {
    body = JSON.parse(await text(request));
  } catch (cause) {
    throw new SlipwayError('USAGE', `POST ${request.url}: the body is no JSON.`, { cause });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new SlipwayError('USAGE', `POST ${request.url}: ${issues.join('; ')}`);
}

async function listen(socket: string, handle: Handler, { logger, mask }: Deps): Promise<Server> {
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableEnded) gone.abort(new Error('the caller went away'));
    });
    void handle(request, gone.signal)
      .then(
        (answer) => ({ status: 200, body: answer }),
        (error: unknown) => {
          if (!gone.signal.aborted) logger.warn({ err: error, request: request.url }, 'request refused');
          return { status: FAILURES[codeOf(error)].fault === 'platform' ? 500 : 409, body: errorBody(error, mask) };
        },
      )
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  await effect('driver.open-socket', socket, async (midway) => {
    // We hold the folder's lock: whatever socket is still there is a dead runtime's.
    await rm(socket, { force: true });
    server.listen(socket);
    await once(server, 'listening');
    midway();
    await chmod(socket, 0o600);
  });
  return server;
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
