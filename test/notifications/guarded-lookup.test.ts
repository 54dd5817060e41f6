import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { isPublic } from '../../src/config/public-address.ts';
import { guardedLookup, refuseInside, type Resolve } from '../../src/notifications/guarded-lookup.ts';

/** A resolver that answers so at first, and otherwise ever after. */
function answering(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  const resolve: Resolve = (_, __, callback) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { lookup: promisify(guardedLookup(resolve)), asked: () => asked };
}

describe('what a name resolves to', () => {
  test.for([[['93.184.216.34']], [['93.184.216.34', '2606:4700::1111']]] as const)(
    'is taken when all of it is public: %j',
    async ([addresses]) => {
      const { lookup, asked } = answering(addresses);
      const taken = (await lookup('hooks.example', { all: true })) as unknown as { readonly address: string }[];
      expect(taken.map(({ address }) => address)).toEqual(addresses);
      expect(asked()).toBe(1); // what was looked at is what is connected to
    },
  );

  test.for([
    [['127.0.0.1']],
    [['10.0.0.7']],
    [['::1']],
    [['::ffff:169.254.169.254']],
    [['64:ff9b::a00:7']],
    [['93.184.216.34', '192.168.1.1']],
    [['2606:4700::1111', 'fd00::1']],
  ] as const)('is refused when any of it is not: %j', async ([addresses]) => {
    const { lookup } = answering(addresses);
    await expect(lookup('hooks.example', { all: true })).rejects.toMatchObject({
      code: 'RECEIVER_REFUSED',
      message: expect.stringMatching(/^hooks\.example resolves to \S+, which is private or this machine/) as string,
    });
    await expect(lookup('hooks.example', { all: false })).rejects.toMatchObject({ code: 'RECEIVER_REFUSED' });
  });

  test('is looked at anew each time: a name that is bound to another address later is refused then', async () => {
    const { lookup } = answering(['93.184.216.34'], ['127.0.0.1']);
    expect(await lookup('hooks.example', { all: false })).toBe('93.184.216.34');
    await expect(lookup('hooks.example', { all: false })).rejects.toMatchObject({ code: 'RECEIVER_REFUSED' });
  });

  test('is an error of the network when it is nothing', async () => {
    await expect(answering([]).lookup('hooks.example', { all: true })).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

test("this machine's own addresses are refused, public or not", () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  expect(own.length).toBeGreaterThan(0);
  for (const { address } of own) {
    expect(() => refuseInside(address)).toThrow(expect.objectContaining({ code: 'RECEIVER_REFUSED' }) as Error);
  }
  expect(() => refuseInside('93.184.216.34')).not.toThrow();
});

test.for([
  ['93.184.216.34', true],
  ['2606:4700::1111', true],
  ['192.0.2.1', false],
  ['198.18.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::127.0.0.1', false],
  ['fec0::1', false],
  ['4000::1', false],
  ['fe80::1%eth0', false],
  ['hooks.example', false],
  ['', false],
] as const)('%s is public: %s', ([address, is]) => {
  expect(isPublic(address)).toBe(is);
});
