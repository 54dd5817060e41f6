import { z } from 'zod';
import { createPrivateKey } from 'node:crypto';
import { readKey } from './public-key.ts';
import { secretReference } from './secret.ts';
import { line, name } from './words.ts';

const KEY_NAME = /^[a-z][a-z0-9-]{0,79}$/;

/** RFC 3339, UTC; read as `2026-11-25T13:00:00.000Z`, so that times compare as text. */
export const time = z.iso
  .datetime({ error: 'a time in UTC, such as 2026-11-25T13:00:00Z' })
  .transform((given) => new Date(given).toISOString());

/** What stands there in its place may be a private key: it is never shown again. */
const publicKey = z.string().check((context) => {
  if (readKey(context.value) !== null) return;
  const isPrivate = isPrivateKey(context.value);
  const params = isPrivate
    ? {
        found: 'a private key',
        todo: 'take it out, write its public key, and trust neither any more: it was in a file',
      }
    : { found: 'text that is none', todo: 'copy it from slipway keys list --json, or from its .pub file' };
  const message = 'a public Ed25519 key: base64 of its SubjectPublicKeyInfo in DER, on one line';
  context.issues.push({ code: 'custom', input: null, message, params });
});

const trustedKey = z
  .strictObject({
    /** Each once: `builder-1`. */
    name: z.string().regex(KEY_NAME, 'a name: a lower-case letter, then letters, digits and dashes, at most 80 in all'),
    role: z.enum(['orchestrator', 'builder', 'deployer']),
    /** What {@link writtenKey} writes. */
    key: publicKey,
    /** Environments whose deployments it may sign for; all unless given. A deployer has to name its own. */
    environments: z.array(name).min(1).optional(),
    /** What it signs from then on counts. */
    from: time,
    /** What it signs from then on does not count: it was rotated. */
    until: time.optional(),
    /** What it signed from then on does not count, and nothing new of it does: somebody else may have it. */
    revoked: time.optional(),
    /** Who brought it in. */
    by: line.optional(),
    revokedBy: line.optional(),
    /** Why it was revoked. */
    reason: line.optional(),
  })
  .check((context) => {
    const { role, environments, from } = context.value;
    const refuse = (key: string, found: string | undefined, expected: string, todo: string): void => {
      const params = { todo, ...(found !== undefined && { found }) };
      context.issues.push({ code: 'custom', path: [key], input: null, message: expected, params });
    };
    if (role === 'deployer' && environments === undefined) {
      refuse('environments', undefined, 'the environments of this deployer', 'name them: a deployer signs for its own');
    }
    for (const end of ['until', 'revoked'] as const) {
      const at = context.value[end];
      if (at !== undefined && at < from)
        refuse(end, undefined, `a time that is not before \`from\``, 'correct one of them');
    }
  });

/** Whose signatures count. */
export const trustSchema = z.strictObject({ keys: z.array(trustedKey) }).check((context) => {
  const names = new Set<string>();
  const keys = new Map<string, string>();
  for (const [index, { name: given, key }] of context.value.keys.entries()) {
    const refuse = (at: string, expected: string, found: string, todo: string): void => {
      const path = ['keys', index, at];
      context.issues.push({ code: 'custom', path, input: null, message: expected, params: { found, todo } });
    };
    if (names.has(given)) refuse('name', 'each key under a name of its own', `"${given}" again`, 'rename it');
    const owner = keys.get(key);
    if (owner !== undefined) refuse('key', 'each key once', `the key of ${owner}`, 'make another for this role');
    names.add(given);
    keys.set(key, given);
  }
});

export type Trust = z.output<typeof trustSchema>;

/** Where each role finds its private key; in the key folder unless given. */
export const signingSchema = z.strictObject({
  orchestrator: secretReference.optional(),
  builder: secretReference.optional(),
  /** By environment. */
  deployers: z.record(name, secretReference).default({}),
});

export type Signing = z.output<typeof signingSchema>;

/** Environments that keys name and nobody declared. One that has ended keeps its name: what it signed still counts. */
export function undeclaredIn(
  { keys }: Trust,
  isDeclared: (environment: string) => boolean,
): readonly { readonly path: readonly (string | number)[]; readonly environment: string }[] {
  return keys.flatMap(({ environments = [], until, revoked }, index) =>
    until !== undefined || revoked !== undefined
      ? []
      : environments.flatMap((environment, place) =>
          isDeclared(environment) ? [] : [{ path: ['keys', index, 'environments', place], environment }],
        ),
  );
}

/** PEM, or base64 of PKCS #8 in DER. */
function isPrivateKey(text: string): boolean {
  if (text.includes('PRIVATE KEY')) return true;
  try {
    createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
    return true;
  } catch {
    return false;
  }
}
