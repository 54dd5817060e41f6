import { once } from 'node:events';
import { createServer, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createProxyServer } from 'httpxy';
import type { Logger } from 'pino';
import { SlipwayError } from '../../contract/failure.ts';
import { effect, effectNow } from '../../failpoints.ts';
import { countAnswer, createAnswerCounter, hideProbe, type AnswerCounter } from './answers.ts';
import type { InstanceRecord } from './state.ts';

/** A target's stable address: one server for as long as the runtime lives, in front of whichever instance is live. */
export interface StableAddress {
  readonly port: number;
  /** @throws PORT_TAKEN when somebody else listens there. */
  listen(): Promise<void>;
  /** New requests go to this instance from now on; null: nothing is in service, and 503 says so. */
  switchTo(instance: Instance | null): void;
  /** Waits until an instance has no request in flight; at the deadline closes those that are left, unless it is live again. */
  drain(instance: Instance): Promise<void>;
  /** What its requests came to; null for one that was never live since the runtime started, or is forgotten. */
  counterOf(instance: Instance): AnswerCounter | null;
  /** Forgets what all other instances' requests came to. */
  countOnly(instances: readonly Instance[]): void;
  close(): Promise<void>;
}

type Instance = Pick<InstanceRecord, 'id' | 'port'>;
type Connection = ServerResponse | Duplex;

/** Where requests go. */
interface Upstream {
  readonly id: string;
  readonly url: string;
  readonly counter: AnswerCounter;
}

/** `drainWithin`: milliseconds. */
export function createStableAddress(options: {
  target: string;
  port: number;
  drainWithin: number;
  logger: Logger;
}): StableAddress {
  const { target, port, drainWithin, logger } = options;
  let live: Upstream | null = null;
  const inFlight = new Map<string, Set<Connection>>();
  const counters = new Map<string, AnswerCounter>();

  // Without an agent each request has its own connection: a kept one may be closed by the instance just as it is used.
  const proxy = createProxyServer({ agent: false });
  // That connection's `close` is between us and the instance; the client's own connection stays as the client wants it.
  proxy.on('proxyRes', (answer) => {
    delete answer.headers.connection;
  });
  proxy.on('error', (error, _request, response) => {
    logger.debug({ err: error }, 'request failed at the instance');
    if (response === undefined) return;
    if (response instanceof ServerResponse && !response.headersSent) {
      answerPlainly(response, 502, `${target}: the instance did not answer`);
    } else {
      response.destroy(error);
    }
  });

  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 }, (request, response) => {
    if (live === null) {
      answerPlainly(response, 503, `${target}: nothing is in service`);
      return;
    }
    countAnswer(live.counter, request, response);
    track(live, response);
    proxy.web(request, response, { target: live.url }).catch((error: unknown) => {
      logger.debug({ err: error }, 'client went away');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => logger.debug({ err: error }, 'client went away'));
    if (live === null) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
      return;
    }
    hideProbe(request);
    track(live, socket);
    proxy.ws(request, socket as Parameters<typeof proxy.ws>[1], { target: live.url }, head).catch((error: unknown) => {
      logger.debug({ err: error }, 'client went away');
    });
  });

  function track({ id }: Upstream, connection: Connection): void {
    const open = inFlight.get(id) ?? new Set();
    inFlight.set(id, open.add(connection));
    connection.once('close', () => {
      open.delete(connection);
      if (open.size === 0 && inFlight.get(id) === open) inFlight.delete(id);
    });
  }

  function counterOf(id: string): AnswerCounter {
    const counter = counters.get(id) ?? createAnswerCounter();
    counters.set(id, counter);
    return counter;
  }

  let listening: Promise<unknown> | null = null;
  function startListening(): Promise<unknown> {
    return effect('driver.listen-address', target, async (midway) => {
      server.listen({ host: '127.0.0.1', port, exclusive: true });
      midway();
      await once(server, 'listening');
    });
  }

  return {
    port,
    async listen() {
      if (server.listening) return;
      try {
        listening ??= startListening();
        await listening;
      } catch (cause) {
        throw new SlipwayError(
          'PORT_TAKEN',
          `${target}: its stable port ${port} on 127.0.0.1 is taken by another program. End that program, or name another port at runtimes.local.ports in platform.yaml.`,
          { cause },
        );
      } finally {
        listening = null;
      }
    },
    switchTo(instance) {
      const { id, port: at } = instance ?? { id: '', port: null };
      effectNow('driver.switch-address', target, (midway) => {
        midway();
        live = at === null ? null : { id, url: `http://127.0.0.1:${at}`, counter: counterOf(id) };
      });
    },
    async drain({ id }) {
      const open = inFlight.get(id) ?? new Set();
      const closed = [...open].map((connection) => new Promise((resolve) => connection.once('close', resolve)));
      const overdue = setTimeout(drainWithin, 'overdue', { ref: false });
      if ((await Promise.race([Promise.all(closed), overdue])) !== 'overdue' || live?.id === id) return;
      logger.info({ connections: open.size }, 'closed connections left on the old instance');
      for (const connection of open) connection.destroy();
    },
    counterOf: ({ id }) => counters.get(id) ?? null,
    countOnly(instances) {
      const kept = new Set(instances.map(({ id }) => id));
      for (const id of counters.keys()) if (!kept.has(id)) counters.delete(id);
    },
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      // An upgraded connection is no longer among the server's own.
      for (const connection of [...inFlight.values()].flatMap((open) => [...open])) connection.destroy();
      await once(server, 'close');
    },
  };
}

function answerPlainly(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
