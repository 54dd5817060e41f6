import { describe, expect, test } from 'vitest';
import { REFUSED_RETRY, whyNotReceived, type Answer } from '../../src/notifications/answer.ts';

const URL_OF_SECRETS = new URL('https://hooks.example/T0/B0/its-secret?token=another');
const NOW = Date.parse('2026-11-25T03:00:00Z');

const answer = (status: number, rest: Partial<Answer> = {}) =>
  whyNotReceived({ status, location: null, retryAfter: null, ...rest }, URL_OF_SECRETS, NOW);

describe('what a receiver answers', () => {
  test.for([200, 201, 202, 204, 299])('%i: it was received', (status) => {
    expect(answer(status)).toBeNull();
  });

  test.for([408, 429, 500, 502, 503, 504, 599])('%i: it is away, and tried again', (status) => {
    expect(answer(status)).toMatchObject({ code: 'RECEIVER_UNAVAILABLE', retryIn: null, isFinal: false });
  });

  test.for([300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 413, 422])(
    '%i: it refuses, and a person has time to mend it',
    (status) => {
      expect(answer(status)).toMatchObject({ code: 'RECEIVER_REFUSED', retryIn: REFUSED_RETRY, isFinal: false });
    },
  );

  test('410: it is gone, for good', () => {
    expect(answer(410)).toMatchObject({ code: 'RECEIVER_REFUSED', isFinal: true });
  });

  test.for([
    ['0', 1_000],
    ['7', 7_000],
    ['999999999', 3_600_000],
    ['Wed, 25 Nov 2026 03:01:30 GMT', 90_000],
    ['Wed, 25 Nov 2026 02:00:00 GMT', 1_000],
    ['Wed, 25 Nov 2099 03:00:00 GMT', 3_600_000],
    ['soon', null],
  ] as const)('with Retry-After: %s it is asked again in %s ms', ([retryAfter, retryIn]) => {
    expect(answer(503, { retryAfter })?.retryIn).toBe(retryIn);
  });

  test.for([
    ['https://evil.example/collect', 'a redirect to another host, evil.example;'],
    ['//evil.example:8443/collect', 'a redirect to another host, evil.example:8443;'],
    ['https://hooks.example/T0/other', 'a redirect to another address of itself;'],
    ['/login', 'a redirect to another address of itself;'],
    ['http://[', 'a redirect to nowhere;'],
    [null, 'a redirect to nowhere;'],
  ] as const)('a redirect to %s is refused as %s', ([location, said]) => {
    expect(answer(302, { location })?.message).toContain(`hooks.example: answered 302, ${said}`);
  });

  test('never shows more of its address than the host', () => {
    for (const status of [301, 410, 429, 404]) {
      expect(answer(status, { location: '/T0/B0/its-secret' })?.message).not.toMatch(/secret\?|its-secret|token|T0/);
    }
  });
});
