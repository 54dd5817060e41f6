import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { SealedManifest } from '../../src/config/manifest.ts';
import { type AnswerCounts, NO_COUNTS, plus, since } from '../../src/contract/answers.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { Measurement } from '../../src/runtime/driver.ts';
import { hasPolicy, type LiveVerdict, recomputeVerdict } from '../../src/health/recompute.ts';
import type { MetricSample } from '../../src/health/sample.ts';
import { type LiveProgress, type LiveVerification, verifyLive } from '../../src/health/verify-live.ts';
import type { InstanceObservation } from '../../src/runtime/driver.ts';
import { type CountedServer, serveCounted } from './counted-server.ts';
import { answered } from './evidence.ts';
import { alive, observation } from './observations.ts';
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

describe('a live release whose answers the runtime counts', () => {
  const soak = { for: 3_000, samples: 150, ceiling: 60_000 };
  /** Well, but that every n-th question about its health is answered with an error. */
  const failingEvery = (n: number, atMost = Infinity): RequestListener => {
    let asked = 0;
    let failed = 0;
    return (request, response) => {
      if (request.headers['slipway-probe'] === 'health' && ++asked % n === 0 && ++failed <= atMost) {
        response.statusCode = 500;
      }
      wellBehaved(request, response);
    };
  };
  /** Users who are answered so, beside the probes, between any two measurements. */
  const withUsers = ({ address, measure }: CountedServer, users: AnswerCounts, before: AnswerCounts | null = null) => {
    let total = NO_COUNTS;
    const both = async (): Promise<Measurement> => {
      const { live } = await measure();
      total = plus(total, users);
      return { live: live && { ...live, answers: { ...live.answers, users: total } }, before };
    };
    return [address, { measure: both }] as const;
  };

  test('is asked between the looks, until the floor of samples is reached', async () => {
    const { address, measure, purposes } = await serveCounted(wellBehaved);
    const found = await verify(address, { measure, soak });
    expect(found).toMatchObject({ verdict: 'pass', policy: { counted: 'answers', samples: 150 } });
    expect(found.message).toMatch(/^soak passed: 1\d\d answers in [34]s, 0 of \d samples bad, 0 of 1\d\d answers/);
    const counted = found.samples.flatMap(({ answers }) => answers?.probes.answers ?? []);
    expect(counted.length).toBe(found.samples.filter(({ kind }) => kind === 'soak').length);
    expect(counted.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(150);
    expect(purposes.length).toBeLessThan(220);
    expect(new Set(purposes)).toEqual(new Set(['health', 'smoke']));
  });

  test('every 50th answer of which is an error has degraded', async () => {
    const { address, measure } = await serveCounted(failingEvery(50));
    const manifest = { ...storefront, health: { ...storefront.health, failures: 5 } };
    const found = await verify(address, { measure, soak, manifest });
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED' });
    expect(found.message).toMatch(/^soak failed: [23] of \d+ answers to users and probes were errors$/);
  });

  test('with a single error is asked on, and passes once that is outweighed', async () => {
    const { address, measure } = await serveCounted(failingEvery(6, 1));
    const found = await verify(address, { measure, soak: { ...soak, samples: 5 } });
    expect(found.verdict).toBe('pass');
    expect(found.message).toMatch(/ 1 of \d+ answers to users and probes were errors \(below/);
    expect(found.figures?.answers).toBeGreaterThanOrEqual(158);
  });

  test('that shows too little before the ceiling has not shown that it is well', async () => {
    const { address, measure } = await serveCounted(wellBehaved);
    const { live } = await measure();
    const found = await verify(address, { measure: async () => ({ live, before: null }) });
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED' });
    expect(found.message).toBe('soak failed: at the ceiling of 1m: 0 of 5 answers in 1m of 3s');
  });

  test('that the runtime cannot count is judged by looks alone', async () => {
    const measure = async () => ({ live: null, before: null });
    const found = await verify(await serve(wellBehaved), { measure });
    expect(found).toMatchObject({ verdict: 'pass', policy: { counted: 'looks' }, figures: null });
    expect(found.samples.every((sample) => sample.answers === undefined)).toBe(true);
  });

  test('under limits that nobody can judge is inconclusive, and that is not its fault', async () => {
    const found = await verify(await serve(wellBehaved), { limits: { errorRate: 0.02 } });
    expect(found).toMatchObject({ verdict: 'inconclusive', code: 'VERIFICATION_INCONCLUSIVE' });
  });

  test('that is slower for its users than the version before has degraded, though its probes are not', async () => {
    const server = await serveCounted(wellBehaved);
    const [address, users] = withUsers(server, answered(40, 0, 300), answered(200, 0, 100));
    const found = await verify(address, users);
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED', baseline: { answers: 200 } });
    expect(found.message).toContain('soak failed: slower for users: median');
    expect(found.figures?.comparison).toMatchObject({ users: 150, before: 200 });
  });

  test('whose users were slow only while it started is not slower', async () => {
    const server = await serveCounted(wellBehaved);
    let users = NO_COUNTS;
    let measured = 0;
    const measure = async (): Promise<Measurement> => {
      const { live } = await server.measure();
      // The first look, and the end of the first tenth, come after the first measurement.
      users = plus(users, answered(40, 0, ++measured <= 3 ? 900 : 100));
      return { live: live && { ...live, answers: { ...live.answers, users } }, before: answered(200, 0, 100) };
    };
    const found = await verify(server.address, { measure, soak: { ...soak, for: 10_000, samples: 5 } });
    expect(found).toMatchObject({ verdict: 'pass', soak: { reason: expect.stringContaining('no slower for users') } });
    expect(found.samples.some(({ early }) => early !== undefined)).toBe(true);
  });

  test('whose runtime began anew goes on with what it counts since', async () => {
    const { address, measure } = await serveCounted(wellBehaved);
    let measured = 0;
    let offset = NO_COUNTS;
    const anew = async (): Promise<Measurement> => {
      const { live } = await measure();
      if (++measured === 4) offset = live?.answers.probes ?? NO_COUNTS;
      return {
        live: live && { ...live, answers: { ...live.answers, probes: since(offset, live.answers.probes) } },
        before: null,
      };
    };
    const found = await verify(address, { measure: anew, soak });
    expect(found.verdict).toBe('pass');
    const least = found.samples.map(({ answers }) => answers?.probes.answers ?? 0);
    expect(Math.min(...least)).toBeGreaterThanOrEqual(0);
  });

  test('beyond the bound of a metric has degraded, however slowly that is told', async () => {
    const { address, measure } = await serveCounted(wellBehaved);
    const ask = async (): Promise<readonly MetricSample[]> => {
      await new Promise(setImmediate);
      return [{ at: '2026-11-25T00:00:00.000Z', after: 0, name: 'queue', value: 12, detail: '12' }];
    };
    const found = await verify(address, { measure, metrics: { bounds: [{ name: 'queue', max: 10 }], ask } });
    expect(found).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED', metrics: [{}, {}, {}] });
    expect(found.message).toBe('soak failed: metric queue: 3 in a row above 10, the last: 12');
  });

  test('is not passed without its metrics', async () => {
    const { address, measure } = await serveCounted(wellBehaved);
    const bounds = [{ name: 'queue', max: 10 }];
    const ask = async () => [{ at: '', after: 0, name: 'queue', value: null, detail: 'answered 503' }];
    const found = await verify(address, { measure, metrics: { bounds, ask } });
    expect(found).toMatchObject({ verdict: 'inconclusive', code: 'VERIFICATION_INCONCLUSIVE' });
    expect(found.message).toContain('metric queue: answered 503');
  });

  test('has to look well as often in a row as its health asks for', async () => {
    let asked = 0;
    const address = await serve((request, response) => {
      if (request.url === '/healthz' && ++asked === 3) response.statusCode = 500;
      wellBehaved(request, response);
    });
    const health = { ...storefront.health, successes: 3 };
    const found = await verify(address, { manifest: { ...storefront, health } });
    expect(found.verdict).toBe('pass');
    const outcomes = found.samples.filter(({ kind }) => kind === 'health').map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['good', 'bad', 'good', 'good', 'good']);
  });

  test('is not verified while the runtime does not say what it counts: our error, never a verdict', async () => {
    const verifying = verify(await serve(wellBehaved), { measure: () => Promise.reject(away()) });
    await expect(verifying).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });
});

describe('the evidence of a verification', () => {
  const sick: RequestListener = (_, response) => response.writeHead(503).end();
  const wrong: RequestListener = (_, response) => response.end('Something went wrong');
  const turnsSick = (): RequestListener => {
    let asked = 0;
    return (request, response) => {
      if (request.url === '/healthz' && ++asked > 4) response.statusCode = 500;
      wellBehaved(request, response);
    };
  };

  test.each<[string, string | null, () => RequestListener]>([
    ['passed', null, () => wellBehaved],
    ['was sick', 'HEALTH_FAILED', () => sick],
    ['answered wrongly', 'SMOKE_FAILED', () => wrong],
    ['turned sick', 'HEALTH_DEGRADED', turnsSick],
  ])('of a release that %s says all that its verdict is reckoned from', async (_, code, listener) => {
    const { address, measure } = await serveCounted(listener(), { before: answered(200) });
    const found = await verify(address, { measure });
    const { policy, samples, metrics, baseline, smoke, ...verdict } = JSON.parse(JSON.stringify(found)) as LiveVerdict;
    expect(verdict.code).toBe(code);
    expect(recomputeVerdict({ policy, samples, metrics, baseline, smoke })).toEqual(verdict);
  });

  test('that was tampered with does not lead to its verdict any more', async () => {
    const found = await verify(await serve(turnsSick()));
    const samples = found.samples.map((sample) => ({ ...sample, outcome: 'good' as const }));
    expect(recomputeVerdict({ ...found, samples }).message).not.toBe(found.message);
    expect(recomputeVerdict({ ...found, policy: { ...found.policy, failures: 9 } }).message).not.toBe(found.message);
  });

  test('of an earlier version, which does not say what it was judged by, is told apart', async () => {
    const { policy, ...earlier } = await verify(await serve(wellBehaved));
    expect(hasPolicy({ ...earlier, policy })).toBe(true);
    expect(hasPolicy(earlier)).toBe(false);
    expect(hasPolicy({})).toBe(false);
  });

  test('says in plain numbers what it is worth', async () => {
    const { address, measure } = await serveCounted(wellBehaved);
    const found = await verify(address, { measure, soak: { for: 3_000, samples: 150, ceiling: 60_000 } });
    expect(found.figures).toMatchObject({ who: 'users and probes', errors: 0, comparison: null });
    expect(found.figures?.errorRateBelow).toBeLessThan(0.02);
    expect(found.figures?.errorTest).toMatchObject({ good: 0.001, bad: 0.02, alpha: 0.01, beta: 0.05, samples: 150 });
    expect(found.figures?.errorTest.power).toBeGreaterThan(0.6);
    expect(found.figures?.errorTest.falseAlarm).toBeLessThan(0.01);
  });
});
