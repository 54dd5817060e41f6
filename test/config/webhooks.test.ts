import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';
import { receiversOf } from '../../src/config/webhooks.ts';

const namesOf = (platform: Parameters<typeof receiversOf>[0]) => receiversOf(platform).map(({ name }) => name);

const PLATFORM = `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
environments: { staging: {} }
`;
const SECRET = 'secret: { env: PAGER_SECRET }';
const read = (webhooks: string) => parsePlatform(Buffer.from(`${PLATFORM}webhooks: ${webhooks}\n`));
const one = (receiver: string) => `{ receivers: [{ name: pager, ${receiver} }] }`;
const inside = (receiver: string) => `{ allowPrivate: true, receivers: [{ name: pager, ${receiver} }] }`;

function refusal(webhooks: string): string {
  try {
    read(webhooks);
  } catch (error) {
    return String(error);
  }
  throw new Error('it was accepted');
}

describe('the receivers of a platform', () => {
  test('are none unless given', () => {
    const platform = parsePlatform(Buffer.from(PLATFORM));
    expect(platform.webhooks).toEqual({ allowPrivate: false, receivers: [] });
    expect(receiversOf(platform)).toEqual([]);
  });

  test('are what workflows know by name, with what each wants', () => {
    const platform = read(`
  receivers:
    - { name: pager, url: https://hooks.example/slipway, ${SECRET}, events: urgent }
    - { name: chat, url: { env: SLACK_URL }, form: slack }
    - { name: ledger, url: "https://[2606:4700::1]/x", secret: { file: ./ledger.key }, events: [deployed, upgraded] }`);
    expect(receiversOf(platform)).toEqual([
      { name: 'pager', events: 'urgent' },
      { name: 'chat', events: 'all' },
      { name: 'ledger', events: ['deployed', 'upgraded'] },
    ]);
    expect(namesOf(platform)).toEqual(['pager', 'chat', 'ledger']);
    expect(platform.webhooks.receivers.map(({ form }) => form)).toEqual(['cdevents', 'slack', 'cdevents']);
  });

  test.for([
    'https://127.0.0.1/x',
    'https://127.1/x',
    'https://0x7f000001/x',
    'https://0177.0.0.1/x',
    'https://2130706433/x',
    'https://10.0.0.7/x',
    'https://172.16.0.1/x',
    'https://192.168.1.1/x',
    'https://169.254.169.254/latest/meta-data',
    'https://100.64.0.1/x',
    'https://0.0.0.0/x',
    'https://[::1]/x',
    'https://[::]/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://[::ffff:10.0.0.7]/x',
    'https://[::127.0.0.1]/x',
    'https://[64:ff9b::7f00:1]/x',
    'https://[64:ff9b:1::7f00:1]/x',
    'https://[2002:7f00:1::]/x',
    'https://[fe80::1]/x',
    'https://[fd00::1]/x',
    'https://[ff02::1]/x',
  ])('are not at %s, which is private or here, unless that is allowed', (url) => {
    const at = `url: "${url}", ${SECRET}`;
    expect(refusal(one(at))).toMatch(/webhooks\.receivers\.0\.url: found \S+, which is not public, expected a public/);
    expect(namesOf(read(inside(at)))).toEqual(['pager']);
  });

  test('are reached by https, unless they may be in the own network', () => {
    const at = `url: http://hooks.example/x, ${SECRET}`;
    expect(refusal(one(at))).toMatch(
      /receivers\.0\.url: found http, expected https; use https, or set `webhooks.allow/,
    );
    expect(namesOf(read(inside(at)))).toEqual(['pager']);
  });

  test.for([
    ['url: hooks.example, secret: { env: S }', 'receivers.0.url: found none, expected an address such as https'],
    ['url: "file:///etc/passwd", secret: { env: S }', 'receivers.0.url: found none'],
    ['url: "https://ada:its-secret@hooks.example", secret: { env: S }', 'found a user or a password in it'],
    ['url: https://hooks.example/x', 'receivers.0.secret: found nothing, expected a secret to sign with; add `secret:'],
    ['url: https://hooks.example/x, secret: whsec_its-secret', 'receivers.0.secret: found a secret written out'],
    ['url: https://hooks.example/x, secret: 20261125', 'receivers.0.secret: found a secret written out'],
    ['url: https://hooks.example/x, secret: { env: whsec_itsSecret }', 'receivers.0.secret.env: found no such name'],
    ['url: https://hooks.example/x, secret: { file: whsec_itsSecret }', 'secret.file: found a secret written out'],
    ['url: { env: "https://hooks.example/its-secret" }, form: slack', 'receivers.0.url.env: found no such name'],
    ['url: https://hooks.example/x, secret: { enf: S }', 'receivers.0.secret.enf: found an unknown key'],
    ['url: https://hooks.example/x, form: slak', 'receivers.0.form: found "slak", expected one of cdevents, slack'],
    ['url: https://hooks.example/x, form: slack, events: urgnt', 'found "urgnt", expected one of all, urgent'],
    [
      'url: https://hooks.example/x, form: slack, events: [rolled-back]',
      'events.0: found "rolled-back", expected one of',
    ],
    ['url: https://hooks.example/x, form: slack, events: []', 'events: found an empty list, expected at least one'],
  ] as const)('that say %s are refused: %s', ([receiver, said]) => {
    const message = refusal(one(receiver));
    expect(message).toContain(said);
    expect(message).not.toMatch(/its-?secret|20261125/i);
  });

  test('are each under a name of its own', () => {
    const twice = `{ name: chat, url: https://hooks.example/x, form: slack }`;
    expect(refusal(`{ receivers: [${twice}, ${twice}] }`)).toContain('receivers.1.name: found a second chat');
  });
});
