import { whyNoAddress } from '../config/webhook-address.ts';
import type { WebhookReceiver } from '../config/webhooks.ts';
import type { NotifiedEvent } from '../contract/event.ts';
import { SlipwayError } from '../contract/failure.ts';
import { DeliveryError, REFUSED_RETRY, whyNotReceived } from './answer.ts';
import { cloudEventMessage } from './cdevents.ts';
import { resolveSecret, type SecretPlaces } from '../secrets/resolve.ts';
import { slackBody } from './slack.ts';
import { standardHeaders } from './standard.ts';
import { post, type PostOptions } from './webhook.ts';

export type DeliveryOptions = PostOptions & SecretPlaces;

/**
 * Sends one event to one receiver, once.
 * @throws SECRET_UNAVAILABLE, RECEIVER_UNAVAILABLE, RECEIVER_REFUSED (all may be mended meanwhile, a
 *   {@link DeliveryError} says when to try again): in no word of theirs is a secret.
 */
export async function deliverEvent(
  event: NotifiedEvent,
  receiver: WebhookReceiver,
  options: DeliveryOptions,
): Promise<void> {
  const subject = `receiver ${receiver.name}`;
  const url = await addressOf(receiver, subject, options);
  const { contentType, body } = messageFor(event, receiver.form);
  const at = new Date();
  const signature =
    receiver.secret === undefined
      ? {}
      : standardHeaders(await resolveSecret(receiver.secret, subject, options), subject, { id: event.id, at, body });
  const headers = { 'content-type': contentType, 'user-agent': 'slipway', ...signature };
  const answer = await post({ url, headers, body }, options).catch((error: unknown) => {
    if (!(error instanceof SlipwayError)) throw error;
    const retryIn = error.code === 'RECEIVER_REFUSED' ? REFUSED_RETRY : null;
    throw new DeliveryError(error.code, `${subject}: ${error.message}`, { retryIn });
  });
  const refusal = whyNotReceived(answer, url, Date.now());
  if (refusal !== null) throw new DeliveryError(refusal.code, `${subject}: ${refusal.message}`, refusal);
}

/** An address by reference is looked at here as it would have been when the file was loaded. */
async function addressOf(receiver: WebhookReceiver, subject: string, options: DeliveryOptions): Promise<URL> {
  const { url } = receiver;
  const text = typeof url === 'string' ? url : await resolveSecret(url, `the address of ${subject}`, options);
  const wrong = whyNoAddress(text, options.allowPrivate);
  if (wrong === null) return new URL(text);
  const { found, expected, todo } = wrong;
  const message = `the address of ${subject}: found ${found}, expected ${expected}; ${todo}`;
  throw new DeliveryError('RECEIVER_REFUSED', message, { retryIn: REFUSED_RETRY });
}

function messageFor(
  event: NotifiedEvent,
  form: WebhookReceiver['form'],
): { readonly contentType: string; readonly body: string } {
  if (form === 'cdevents') return cloudEventMessage(event);
  return { contentType: 'application/json', body: JSON.stringify(slackBody(event)) };
}
