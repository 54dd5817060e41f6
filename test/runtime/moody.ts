import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { get } from './world.ts';

/** Answers as its path says: with what it was sent, badly, in part, or never; and is slow to come back once it died. */
export const MOODY = `
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
let left = 0;
const server = createServer((request, response) => {
  const part = () => response.writeHead(200, { 'content-length': 100 }).write('half of');
  switch (request.url) {
    case '/headers': return response.end(JSON.stringify(request.headers));
    case '/error': return response.writeHead(500).end('sorry');
    case '/missing': return response.writeHead(404).end('no');
    case '/reset': return request.socket.destroy();
    case '/break': part(); return setTimeout(() => request.socket.destroy(), 50);
    case '/hang': part(); return response.once('close', () => { left += 1; });
    case '/left': return response.end(String(left));
    default: return setTimeout(() => response.end(process.env.VERSION), request.url === '/slow' ? 300 : 0);
  }
});
server.on('upgrade', (request, socket) => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
  socket.write(JSON.stringify(request.headers));
});
const mark = process.env.SLIPWAY_INSTANCE_DIR + '/died';
if (existsSync(mark)) setInterval(() => {}, 1000);
else server.listen(Number(process.env.PORT), '127.0.0.1');
`;

/** Asks as a probe does. */
export function probe(address: string | null, path = '/', value = 'health'): Promise<{ status: number; body: string }> {
  return get(address, path, { 'slipway-probe': value });
}

/** A request whose answer has begun and does not end. */
export interface Hanging {
  /** The client goes away. */
  leave(): void;
  /** Resolves when the connection is gone, whoever closed it. */
  readonly gone: Promise<unknown>;
}

export async function hang(address: string | null): Promise<Hanging> {
  const asked = request(`${address}/hang`).end();
  asked.on('error', () => undefined);
  const gone = new Promise((resolve) => asked.once('close', resolve));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  await once(answer, 'data');
  return { leave: () => asked.destroy(), gone };
}

/** Upgrades a connection with the header of a probe. Resolves with it and with the headers that the instance saw. */
export async function upgradeAsProbe(address: string | null): Promise<{ socket: Socket; headers: string }> {
  const socket = connect(Number(new URL(address as string).port), '127.0.0.1');
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nSlipway-Probe: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let seen = '';
  while (!seen.endsWith('}')) seen += String((await once(socket, 'data'))[0]);
  return { socket, headers: seen };
}
