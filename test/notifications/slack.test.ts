import { expect, test } from 'vitest';
import { degradedEvent } from '../../src/contract/event.ts';
import { slackBody } from '../../src/notifications/slack.ts';
import { AT, eventOf, EVERY_KIND, ID, RELEASE, TARGET } from './events.ts';

test.for([
  [
    'upgraded',
    'staging/hello was upgraded from 20261124.0a1b2c3d4e5f.11223344 to 20261125.4f0c1d2e3a4b.9e107d9d (staging/hello/2, CHG-1042)',
  ],
  [
    'rolledback',
    'staging/hello was rolled back from 20261125.4f0c1d2e3a4b.9e107d9d to 20261124.0a1b2c3d4e5f.11223344 ' +
      '(staging/hello/2, CHG-1042): SMOKE_FAILED home page: 500\n' +
      'Next: Find out why (slipway status staging/hello/2); then, if the target is held, ' +
      'slipway resume staging/hello --by YOU --reason WHY',
  ],
  [
    'rollback-failed',
    'URGENT: staging/hello could not be rolled back from 20261125.4f0c1d2e3a4b.9e107d9d to ' +
      '20261124.0a1b2c3d4e5f.11223344: nobody knows what is live (staging/hello/2, CHG-1042): ' +
      'SMOKE_FAILED home page: 500\n' +
      'Next: Look at the runtime yourself and mend it; then slipway resume staging/hello --by YOU --reason WHY, ' +
      'then slipway rollback staging/hello --by YOU --reason WHY',
  ],
] as const)('a chat is told of %s in plain words', ([kind, text]) => {
  expect(slackBody(eventOf(kind))).toEqual({ text });
});

test.for(EVERY_KIND)('%s is told by its target first, and an urgent one by that', ([, event]) => {
  const { text } = slackBody(event);
  expect(text.startsWith(event.isUrgent ? `URGENT: ${TARGET} ` : `${TARGET} `)).toBe(true);
  expect(text.split('\n')).toHaveLength(event.next === null ? 1 : 2);
});

test('what somebody wrote calls nobody and links nowhere', () => {
  const reason = '<!channel> & <https://evil.example|here>';
  const event = degradedEvent({ ...RELEASE, deploymentId: ID, target: TARGET, reason, at: AT, hasWayBack: true });
  const { text } = slackBody(event);
  expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;');
  expect(text).not.toMatch(/[<>]/);
});
