import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { SealedManifest } from '../../src/config/manifest.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import { type LiveProgress, type LiveVerification, verifyLive } from '../../src/health/verify-live.ts';
import type { InstanceObservation, Observation } from '../../src/runtime/driver.ts';
import { scriptedClock } from './scripted-clock.ts';
import { closedAddress, serve } from './servers.ts';

const storefront: SealedManifest = {
  component: 'storefront',
  kind: 'storefront',
  run: { command: ['node', 'server.mjs'], env: {}, startWithin: 30_000 },
  health: { path: '/healthz', interval: 1_000, timeout: 1_000, failures: 3 },
  smoke: [
    { name: 'home page', path: '/', status: 200, includes: 'Welcome', timeout: 1_000, at: ['verification', 'live'] },
  ],
};

const restock: SealedManifest = {
  ...storefront,
  component: 'restock',
  kind: 'agent',
  health: { heartbeat: 5_000, failures: 3 },
  smoke: [{ name: 'ledger', command: ['node', 'check.mjs'], timeout: 1_000, at: ['live'] }],
};

const alive: InstanceObservation = {
  id: 'a1',
  state: 'ready',
  restarts: 0,
  startedAt: '2026-11-23T00:00:00.000Z',
  heartbeatAge: null,
};

function observation(other: Partial<Observation> = {}): Observation {
  return {
    target: 'staging/storefront',
    generation: 7,
    live: null,
    instance: alive,
    warm: null,
    address: null,
    instanceFolder: '/instances',
    log: null,
    isolation: 'bwrap',
    ...other,
  };
}

const wellBehaved: RequestListener = (request, response) => {
  response.end(request.url === '/healthz' ? 'ok' : '<h1>Welcome</h1>');
};

const away = () => new SlipwayError('RUNTIME_UNAVAILABLE', 'the runtime does not answer');

function verify(address: string | null, other: Partial<LiveVerification> = {}) {
  return verifyLive({
    address,
    manifest: storefront,
    soak: { for: 3_000, samples: 5, ceiling: 60_000 },
    observe: async () => observation(),
    runCommand: async () => ({ exitCode: 0, timedOut: false, output: '', elapsed: 1 }),
    clock: scriptedClock(),
    ...other,
  });
}

describe('a live release with an address', () => {
  test('passes availability, health endpoint, smoke tests and soak, in this order', async () => {
    const progress: LiveProgress[] = [];
    const onProgress = (step: LiveProgress) => void progress.push(step);
    const found = await verify(await serve(wellBehaved), { onProgress });
    expect(found).toMatchObject({ verdict: 'pass', code: null, availability: { verdict: 'pass' } });
    expect(found.message).toBe('soak passed: 5 samples in 4s, 0 of 5 samples bad');
    expect(found.smoke).toMatchObject([{ name: 'home page', verdict: 'pass' }]);
    expect(progress.map((step) => step.check)).toEqual(['availability', 'health', 'smoke', ...Array(5).fill('soak')]);
    expect(found.samples.at(-1)).toEqual({
      at: '2026-11-23T00:00:04.000Z',
      after: 4_000,
      elapsed: expect.any(Number),
      kind: 'soak',
      outcome: 'good',
      status: 200,
      detail: 'answered 200',
      instance: 'a1',
      restarts: 0,
    });
  });

  test('that does not answer while the runtime does is unavailable', async () => {
    const found = await verify(await closedAddress());
    expect(found).toMatchObject({ verdict: 'fail', code: 'UNAVAILABLE', health: null, smoke: [], soak: null });
    expect(found.message).toBe('availability failed: 3 of 3 attempts failed, the last: connection refused');
  });

  test('that a gateway answers for is unavailable', async () => {
    const found = await verify(await serve((_, response) => response.writeHead(502).end()));
    expect(found).toMatchObject({ verdict: 'fail', code: 'UNAVAILABLE' });
  });

  test('of which no instance is left is unavailable, whoever answers in its place', async () => {
    const address = await serve((_, response) => response.writeHead(503).end('nothing is in service'));
    const found = await verify(address, { observe: async () => observation({ instance: null }) });
    expect(found).toMatchObject({ verdict: 'fail', code: 'UNAVAILABLE' });
  });

  test('that says itself it is sick is available and fails its health check', async () => {
    const found = await verify(await serve((_, response) => response.writeHead(503).end()));
    expect(found).toMatchObject({
      verdict: 'fail',
      code: 'HEALTH_FAILED',
      availability: { verdict: 'pass' },
      smoke: [],
    });
    expect(found.message).toBe('health failed: 3 bad in a row, the last: answered 503');
  });

  test('that answers 200 with an error page fails its smoke test, and is not soaked', async () => {
    const found = await verify(await serve((_, response) => response.end('Something went wrong')));
    expect(found).toMatchObject({ verdict: 'fail', code: 'SMOKE_FAILED', health: { verdict: 'pass' }, soak: null });
    expect(found.message).toContain(
      'smoke test "home page" failed: GET /: answered 200, beginning "Something went wrong"',
    );
  });

  test('without a smoke test for live has not passed, though nothing failed (§10)', async () => {
    const smoke = storefront.smoke.map((test) => ({ ...test, at: ['verification' as const] }));
    const found = await verify(await serve(wellBehaved), { manifest: { ...storefront, smoke } });
    expect(found).toMatchObject({ verdict: 'inconclusive', code: 'VERIFICATION_INCONCLUSIVE', soak: null });
    expect(found.message).toBe('verification is inconclusive: no smoke test is marked for live');
  });

  test('that turns sick in the soak has degraded', async () => {
    let asked = 0;
    const address = await serve((request, response) => {
      if (request.url === '/healthz' && ++asked > 4) response.statusCode = 500;
      wellBehaved(request, response);
    });
    const found = await verify(address);
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED', smoke: [{ verdict: 'pass' }] });
    expect(found.message).toBe('soak failed: 3 bad in a row, the last: answered 500');
  });

  test.each<[string, InstanceObservation | null]>([
    ['died', { ...alive, state: 'exited' }],
    ['died and was started again', { ...alive, restarts: 1 }],
    ['was replaced', { ...alive, id: 'a2' }],
    ['is gone', null],
  ])('whose instance %s in the soak has degraded, though every answer was good', async (_, later) => {
    let looks = 0;
    const observe = async () => observation({ instance: ++looks > 4 ? later : alive });
    const found = await verify(await serve(wellBehaved), { observe });
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED' });
    expect(found.message).toContain('soak failed: instance a1');
  });
});

describe('our own runtime', () => {
  test('that does not answer is our error, never a verdict', async () => {
    const observe = () => Promise.reject(away());
    await expect(verify(await closedAddress(), { observe })).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  test('that is started again in the middle costs the release nothing, even one that allows for a single failure', async () => {
    const address = await closedAddress();
    let up = false;
    const observe = async () => {
      if (!up) await serve(wellBehaved, Number(new URL(address).port));
      up = true;
      return observation();
    };
    const manifest = { ...storefront, health: { ...storefront.health, failures: 1 } };
    const found = await verify(address, { observe, manifest });
    expect(found).toMatchObject({ verdict: 'pass' });
    expect(found.samples.every((sample) => sample.outcome === 'good')).toBe(true);
  });

  test('that is away when a smoke command fails is our error, never a verdict', async () => {
    let running = true;
    const observe = async () => {
      if (!running) throw away();
      return observation({ instance: { ...alive, heartbeatAge: 10 } });
    };
    const runCommand = async () => {
      running = false;
      return { exitCode: 1, timedOut: false, output: 'ECONNREFUSED', elapsed: 1 };
    };
    const verifying = verify(null, { manifest: restock, observe, runCommand });
    await expect(verifying).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  test('that somebody changes meanwhile makes the verification stale (§2), never a verdict', async () => {
    let looks = 0;
    const observe = async () => {
      if (++looks > 4) throw new SlipwayError('STALE_GENERATION', 'the runtime moved from generation 7 to 8');
      return observation();
    };
    const verifying = verify(await serve(wellBehaved), { observe });
    await expect(verifying).rejects.toMatchObject({ code: 'STALE_GENERATION' });
  });

  test('gives an address for whatever is asked at one', async () => {
    await expect(verify(null)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });
});

describe('a live agent', () => {
  /** An agent that beats every `every` milliseconds, `beats` times, the first time at the beginning. */
  function beating(every: number, beats = Infinity) {
    const clock = scriptedClock();
    const observe = async () => {
      const latest = Math.min(Math.floor(clock.now() / every), beats - 1) * every;
      return observation({ instance: { ...alive, heartbeatAge: clock.now() - latest } });
    };
    return { clock, observe, manifest: restock };
  }

  test('passes while its heart beats, without an address', async () => {
    const found = await verify(null, beating(5_000));
    expect(found).toMatchObject({ verdict: 'pass', code: null, smoke: [{ name: 'ledger', verdict: 'pass' }] });
  });

  test('that beat once and hung does not pass, however short the soak', async () => {
    const found = await verify(null, { ...beating(5_000, 1), soak: { for: 1_000, samples: 1, ceiling: 60_000 } });
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED' });
    expect(found.message).toContain('last heartbeat 9s ago, due every 5s');
  });

  test('that never beat fails its health check', async () => {
    const found = await verify(null, { manifest: restock });
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_FAILED' });
    expect(found.message).toContain('no heartbeat yet');
  });

  test('that is not running is unavailable', async () => {
    const found = await verify(null, { manifest: restock, observe: async () => observation({ instance: null }) });
    expect(found).toMatchObject({ verdict: 'fail', code: 'UNAVAILABLE' });
  });

  test('with a health command is as well as the runtime sees it', async () => {
    const health = { command: ['node', 'alive.mjs'], interval: 1_000, timeout: 1_000, failures: 3 };
    const manifest: SealedManifest = { ...restock, health };
    expect(await verify(null, { manifest })).toMatchObject({ verdict: 'pass' });
    const observe = async () => observation({ instance: { ...alive, state: 'unhealthy' } });
    expect(await verify(null, { manifest, observe })).toMatchObject({ verdict: 'fail', code: 'HEALTH_FAILED' });
  });

  test('whose smoke command fails, fails', async () => {
    const runCommand = async () => ({ exitCode: 2, timedOut: false, output: 'ledger is empty', elapsed: 1 });
    const found = await verify(null, { ...beating(5_000), runCommand });
    expect(found).toMatchObject({ verdict: 'fail', code: 'SMOKE_FAILED', soak: null });
    expect(found.message).toContain('ledger is empty');
  });
});

test('a verification that is aborted throws the reason', async () => {
  const abort = new AbortController();
  const onProgress = ({ check }: LiveProgress) => {
    if (check === 'soak') abort.abort(new Error('stopped by a person'));
  };
  const verifying = verify(await serve(wellBehaved), { signal: abort.signal, onProgress });
  await expect(verifying).rejects.toThrow('stopped by a person');
});
