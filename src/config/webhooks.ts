import { z } from 'zod';
import { EVENT_KINDS, type Receiver } from '../contract/event.ts';
import { secretReference, variableReference } from './secret.ts';
import { whyNoAddress } from './webhook-address.ts';
import { name } from './words.ts';

const receiver = z.strictObject({
  name,
  /** https, unless private addresses are allowed; by reference where the address is a secret itself. */
  url: z.union([z.string(), variableReference]),
  /** `whsec_` and base64 (Standard Webhooks); required unless `form` is slack. */
  secret: secretReference.optional(),
  /** `cdevents` unless given. */
  form: z.enum(['cdevents', 'slack']).default('cdevents'),
  /** `all` unless given. */
  events: z.union([z.array(z.enum(EVENT_KINDS)).min(1), z.enum(['all', 'urgent'])]).default('all'),
});

/** Who is told of what. Nobody, unless given. */
export const webhooksSchema = z
  .strictObject({
    /** Whether receivers may be in a private network, or on this machine, and reached by http. `false` unless given. */
    allowPrivate: z.boolean().default(false),
    receivers: z.array(receiver).default([]),
  })
  .check((context) => {
    const { allowPrivate, receivers } = context.value;
    const refuse = (at: (string | number)[], found: string, expected: string, todo: string): void => {
      context.issues.push({ code: 'custom', path: at, input: null, message: expected, params: { found, todo } });
    };

    const names = new Set<string>();
    for (const [index, { name: given, url, secret: key, form }] of receivers.entries()) {
      const at = ['receivers', index];
      if (names.has(given)) {
        refuse([...at, 'name'], `a second ${given}`, 'each receiver under a name of its own', 'rename it');
      }
      names.add(given);
      const wrong = typeof url === 'string' ? whyNoAddress(url, allowPrivate) : null;
      if (wrong !== null) refuse([...at, 'url'], wrong.found, wrong.expected, wrong.todo);
      if (form === 'cdevents' && key === undefined) {
        refuse([...at, 'secret'], 'nothing', 'a secret to sign with', 'add `secret: { env: NAME }`');
      }
    }
  });

export type Webhooks = z.output<typeof webhooksSchema>;
export type WebhookReceiver = Webhooks['receivers'][number];

/** All receivers, as workflows know them. */
export function receiversOf({ webhooks }: { readonly webhooks: Webhooks }): readonly Receiver[] {
  return webhooks.receivers.map(({ name: own, events }) => ({ name: own, events }));
}
