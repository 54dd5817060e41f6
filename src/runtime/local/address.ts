import { once } from 'node:events';
import { createServer, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createProxyServer } from 'httpxy';
import type { Logger } from 'pino';
import { SlipwayError } from '../../contract/failure.ts';
import { effect, effectNow } from '../../failpoints.ts';

/** A target's stable address: one server for as long as the runtime lives, in front of whichever instance is live. */
export interface StableAddress {
  readonly port: number;
  /** @throws PORT_TAKEN when somebody else listens there. */
  listen(): Promise<void>;
  /** New requests go to the instance on this port from now on; null: nothing is in service, and 503 says so. */
  switchTo(instancePort: number | null): void;
  /** Waits until an instance has no request in flight; at the deadline closes those that are left, unless it is live again. */
  drain(instancePort: number): Promise<void>;
  close(): Promise<void>;
}

type Connection = ServerResponse | Duplex;

/** `drainWithin`: milliseconds. */
export function createStableAddress(options: {
  target: string;
  port: number;
  drainWithin: number;
  logger: Logger;
}): StableAddress {
  const { target, port, drainWithin, logger } = options;
  let live: number | null = null;
  const inFlight = new Map<number, Set<Connection>>();

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
      response.destroy();
    }
  });

  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 }, (request, response) => {
    if (live === null) {
      answerPlainly(response, 503, `${target}: nothing is in service`);
      return;
    }
    track(live, response);
    proxy.web(request, response, { target: urlOf(live) }).catch((error: unknown) => {
      logger.debug({ err: error }, 'client went away');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => logger.debug({ err: error }, 'client went away'));
    if (live === null) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
      return;
    }
    track(live, socket);
    proxy
      .ws(request, socket as Parameters<typeof proxy.ws>[1], { target: urlOf(live) }, head)
      .catch((error: unknown) => {
        logger.debug({ err: error }, 'client went away');
      });
  });

  function track(instancePort: number, connection: Connection): void {
    const open = inFlight.get(instancePort) ?? new Set();
    inFlight.set(instancePort, open.add(connection));
    connection.once('close', () => open.delete(connection));
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
    switchTo(instancePort) {
      effectNow('driver.switch-address', target, (midway) => {
        midway();
        live = instancePort;
      });
    },
    async drain(instancePort) {
      const open = inFlight.get(instancePort) ?? new Set();
      const closed = [...open].map((connection) => new Promise((resolve) => connection.once('close', resolve)));
      const overdue = setTimeout(drainWithin, 'overdue', { ref: false });
      if ((await Promise.race([Promise.all(closed), overdue])) !== 'overdue' || live === instancePort) return;
      logger.info({ connections: open.size }, 'closed connections left on the old instance');
      for (const connection of open) connection.destroy();
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

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}
