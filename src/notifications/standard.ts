import { Webhook } from 'standardwebhooks';
import { SlipwayError } from '../contract/failure.ts';

/** Bytes that a key may have (Standard Webhooks). */
const KEY = { least: 24, most: 64 };

/**
 * The headers of the Standard Webhooks form: the receiver checks with the shared secret that it was us, that it is
 * fresh, and by the id whether it has seen it already: tried again, the id is the same.
 * @param secret `whsec_` and 24 to 64 bytes in base64
 * @throws SECRET_UNAVAILABLE when it is something else
 */
export function standardHeaders(
  secret: string,
  subject: string,
  { id, at, body }: { readonly id: string; readonly at: Date; readonly body: string },
): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': webhookOf(secret, subject).sign(id, at, body),
  };
}

function webhookOf(secret: string, subject: string): Webhook {
  const key = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? '';
  const bytes = Buffer.from(key, 'base64').length;
  if (key.length % 4 === 0 && bytes >= KEY.least && bytes <= KEY.most) return new Webhook(secret);
  throw new SlipwayError(
    'SECRET_UNAVAILABLE',
    `${subject}: the secret has another form than whsec_ and ${KEY.least} to ${KEY.most} bytes in base64; ` +
      `make one with: echo whsec_$(head -c 32 /dev/urandom | base64)`,
  );
}
