import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createProber } from '../../src/health/probe.ts';
import { acceptsTcp, closedAddress, serve, serveTcp } from './servers.ts';

const prober = createProber();
afterAll(() => prober.close());

function standStill(milliseconds: number) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe('a probe', () => {
  test('reads the whole answer: status and body', async () => {
    const address = await serve((_, response) => response.writeHead(201).end('hello'));
    const answer = await prober.probe(`${address}/`, { timeout: 1_000 });
    expect(answer).toMatchObject({ ended: 'answered', status: 201, body: 'hello', detail: 'answered 201' });
  });

  test('sends headers, and reads those of the answer: lower-case, several of a name joined', async () => {
    const address = await serve((request, response) => {
      response.writeHead(200, { 'X-Got': String(request.headers['x-sent']), 'Set-Cookie': ['a=1', 'b=2'] }).end();
    });
    const answer = await prober.probe(address, { timeout: 1_000, headers: { 'x-sent': 'hello' } });
    expect(answer.headers).toMatchObject({ 'x-got': 'hello', 'set-cookie': 'a=1, b=2' });
    const silence = await prober.probe(await closedAddress(), { timeout: 1_000 });
    expect(silence.headers).toEqual({});
  });

  test('reads an error page that says 200 as what it is, for a smoke test to judge', async () => {
    const address = await serve((_, response) => response.end('<h1>Something went wrong</h1>'));
    const answer = await prober.probe(`${address}/`, { timeout: 1_000 });
    expect(answer).toMatchObject({ status: 200, body: '<h1>Something went wrong</h1>' });
  });

  test('follows no redirect', async () => {
    const address = await serve((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await prober.probe(`${address}/`, { timeout: 1_000 })).toMatchObject({ status: 302 });
  });

  test('is refused where nothing listens', async () => {
    const answer = await prober.probe(`${await closedAddress()}/`, { timeout: 1_000 });
    expect(answer).toMatchObject({ ended: 'refused', status: null, detail: 'connection refused' });
  });

  test('times out on a stopped process, although that accepts TCP', async () => {
    const source = `const s = require('http').createServer((q, r) => r.end('ok'));
      s.listen(0, '127.0.0.1', () => console.log(s.address().port))`;
    const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    const address = `http://127.0.0.1:${Number(String(port))}`;
    expect(await prober.probe(address, { timeout: 1_000 })).toMatchObject({ status: 200 });

    child.kill('SIGSTOP');
    expect(await acceptsTcp(address)).toBe(true);
    const answer = await prober.probe(address, { timeout: 80 });
    expect(answer).toMatchObject({ ended: 'timed-out', status: null, detail: 'no whole answer within 80ms' });
  });

  test('times out on a body that drips for ever', async () => {
    const address = await serve((_, response) => {
      const drip = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(drip));
    });
    const answer = await prober.probe(address, { timeout: 80 });
    expect(answer).toMatchObject({ ended: 'timed-out', status: null, body: '' });
    expect(answer.elapsed).toBeLessThan(1_000);
  });

  test('breaks off on a body without end, instead of keeping it', async () => {
    const page = Buffer.alloc(2 ** 20, '.');
    const address = await serve((_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(page));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await prober.probe(address, { timeout: 5_000 })).toMatchObject({
      ended: 'broken',
      status: null,
      detail: 'the answer is too large',
    });
  });

  test('breaks when the connection ends before the answer does', async () => {
    const address = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => response.destroy());
    });
    expect(await prober.probe(address, { timeout: 1_000 })).toMatchObject({ ended: 'broken', status: null });
  });

  test('gets nothing over an old connection from a listener that is gone', async () => {
    const { address, stopListening } = await serveTcp((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok'));
    });
    expect(await prober.probe(address, { timeout: 1_000 })).toMatchObject({ status: 200 });
    stopListening();
    // A kept connection is taken again only once the event loop has come round.
    await new Promise(setImmediate);
    expect(await prober.probe(address, { timeout: 1_000 })).toMatchObject({ ended: 'refused' });
  });

  test('goes another way where it is given one: a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'probe-'));
    const server = createServer((request, response) => response.end(`from ${request.url}`));
    const socketPath = join(folder, 'instance.sock');
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const dispatcher = new Agent({ pipelining: 0, connect: { socketPath } });
    onTestFinished(async () => {
      await dispatcher.destroy();
      server.close();
      await rm(folder, { recursive: true });
    });
    const answer = await prober.probe('http://instance/healthz', { timeout: 1_000, dispatcher });
    expect(answer).toMatchObject({ status: 200, body: 'from /healthz' });
    const gone = new Agent({ pipelining: 0, connect: { socketPath: join(folder, 'gone.sock') } });
    expect(await prober.probe('http://instance/', { timeout: 1_000, dispatcher: gone })).toMatchObject({
      ended: 'refused',
    });
  });

  test('that is aborted throws the reason: it has seen nothing', async () => {
    const address = await serve(() => {});
    const abort = new AbortController();
    const probing = prober.probe(address, { timeout: 1_000, signal: abort.signal });
    abort.abort(new Error('stopped by a person'));
    await expect(probing).rejects.toThrow('stopped by a person');
    await expect(prober.probe(address, { timeout: 1_000, signal: abort.signal })).rejects.toThrow(
      'stopped by a person',
    );
  });
});

// Again where the machine itself was slow: these measure.
describe('our own slowness', { retry: 3 }, () => {
  test('is told by a time-out that overran', async () => {
    const address = await serve(() => {});
    const probing = prober.probe(address, { timeout: 50 });
    standStill(90);
    expect(await probing).toMatchObject({ ended: 'timed-out', late: true });
  });

  test('is told by an event loop that stood still, even at the very beginning of a probe that ended on time', async () => {
    const address = await serve(() => {});
    const probing = prober.probe(address, { timeout: 250 });
    standStill(130);
    const answer = await probing;
    expect(answer).toMatchObject({ ended: 'timed-out', late: true });
    expect(answer.elapsed).toBeLessThan(250 * 1.25);
  });

  test('is not blamed for a slow server', async () => {
    const address = await serve(() => {});
    expect(await prober.probe(address, { timeout: 60 })).toMatchObject({ ended: 'timed-out', late: false });
  });

  test('makes an answer that was read after its time no answer', async () => {
    const address = await serve((_, response) => response.end('ok'));
    const probing = prober.probe(address, { timeout: 50 });
    standStill(90);
    expect(await probing).toMatchObject({ status: null, late: true });
  });
});
