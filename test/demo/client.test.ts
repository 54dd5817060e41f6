import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { askSteadily, type SteadyClient } from '../../src/demo/client.ts';

let server: Server;
let client: SteadyClient;
afterEach(async () => {
  await client.stop();
  server.closeAllConnections();
  server.close();
});

/** Serves on a port of its own, and asks it every `pause` milliseconds. */
async function asking(listener: RequestListener, pause = 20): Promise<void> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = askSteadily(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { pause, patience: 300 });
}

const untilSent = (sent: number) =>
  expect.poll(() => client.count().sent, { interval: 5, timeout: 5_000 }).toBeGreaterThanOrEqual(sent);

describe('the client of a demo', () => {
  test('asks ten times a second, and counts no failure while all is well', async () => {
    server = createServer((_, response) => response.end('Welcome')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const begun = performance.now();
    client = askSteadily(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await untilSent(11);
    expect(performance.now() - begun).toBeGreaterThan(950);
    await client.stop();
    expect(client.count().failed).toBe(0);
    expect(client.failures()).toEqual([]);
  });

  test('counts exactly the requests that got no whole answer with status 200', async () => {
    const seen = { asked: 0, refused: 0 };
    await asking((_, response) => {
      seen.asked += 1;
      const turn = seen.asked % 5;
      if (turn === 1 || turn === 2) return response.end('Welcome');
      seen.refused += 1;
      if (turn === 3) return response.writeHead(502).end('The shelf is being dusted');
      if (turn === 4) return response.socket?.destroy();
      return response.writeHead(200, { 'content-length': '100' }).write('We', () => response.socket?.destroy());
    });
    await untilSent(15);
    await client.stop();
    expect(client.count()).toEqual({ sent: seen.asked, failed: seen.refused });
    expect(client.failures()[0]).toMatch(/^20\S+Z 502$/);
    expect(client.failures()).toHaveLength(5);
  });

  test('counts silence as a failure, and goes on asking meanwhile', async () => {
    await asking((request) => request.resume());
    await untilSent(10);
    await client.stop();
    expect(client.count().failed).toBe(client.count().sent);
    expect(client.failures()[0]).toMatch(/timeout/i);
  });

  test('counts a server that is gone as failures', async () => {
    await asking((_, response) => response.end('Welcome'));
    await untilSent(3);
    server.closeAllConnections();
    server.close();
    await expect.poll(() => client.count().failed).toBeGreaterThan(2);
    await client.stop();
    expect(client.failures().at(-1)).toMatch(/ECONNREFUSED/);
  });

  test('counts a request as of the part of the story that it was sent in, whenever it is answered', async () => {
    let part = 1;
    server = createServer((_, response) => void setTimeout(() => response.writeHead(500).end(), 200));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    client = askSteadily(url, { pause: 20, patience: 2_000, part: () => part });
    await untilSent(3);
    const before = client.countIn(1).sent;
    part = 2;
    await untilSent(before + 2);
    await client.stop();
    const after = client.countIn(2).sent;
    expect(client.countIn(1)).toEqual({ sent: before, failed: before });
    expect(client.countIn(2)).toEqual({ sent: after, failed: after });
    expect(client.count()).toEqual({ sent: before + after, failed: before + after });
    expect(client.countIn(3)).toEqual({ sent: 0, failed: 0 });
  });

  test('has the last answer when it has stopped', async () => {
    await asking((_, response) => void setTimeout(() => response.end('Welcome'), 100), 10);
    await untilSent(5);
    const { sent } = client.count();
    await client.stop();
    expect(client.count()).toEqual({ sent, failed: 0 });
  });
});
