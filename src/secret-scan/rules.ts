import type { SecretLintRuleCreator } from '@secretlint/types';
import { isExample, isRandom } from './example.ts';

/** One kind of secret, beside those that secretlint knows. */
interface Kind {
  readonly id: string;
  /** Global. What it finds, or its first group, is the secret. */
  readonly pattern: RegExp;
  readonly isSecret?: (found: string) => boolean;
  /** Which files it looks into, by what their names end in; all of them unless given. */
  readonly files?: ReadonlySet<string>;
}

/** The end of a name that says what it is, as in `DB_PASSWORD`, `apiKey` or `SECRET_KEY_BASE`. */
const NAME =
  '(?:passw(?:or)?d|passphrase|secret|(?:api|access|secret|private|auth|encryption|signing|session|master|client)[-_]?(?:key|secret|token)|(?:auth|bearer|refresh|id)?[-_]?token|credentials?)(?:[-_]?(?:key|base|value))?';

/** Files in which values stand without quotes. */
const PLAIN_FILES = new Set(['.env', '.properties', '.ini', '.conf', '.cfg', '.yaml', '.yml', '.sh', '']);

const KINDS: readonly Kind[] = [
  {
    id: 'private-key',
    pattern: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[rn])*[A-Za-z0-9+/=:,\- \\\r\n]{64}/g,
  },
  { id: 'gcp-service-account', pattern: /"private_key_id"\s{0,9}:\s{0,9}"([0-9a-f]{40})"/g },
  { id: 'aws-access-key-id', pattern: /(?<![A-Za-z0-9+/])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9+/])/g },
  { id: 'jwt', pattern: /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{20,1000}/g, isSecret: isToken },
  { id: 'stripe-key', pattern: /\b[sr]k_live_[A-Za-z0-9]{16,200}/g },
  { id: 'webhook-key', pattern: /\bwhsec_[A-Za-z0-9+/]{32,100}={0,2}/g },
  {
    id: 'address-with-password',
    pattern:
      /\b(?:rediss?|amqps?|smtps?|ldaps?|nats|mssql|sqlserver|sftp|ssh):\/\/[^:@/\s"'`]{0,100}:[^@/\s"'`]{4,200}@[^/\s"'`]{1,200}/g,
  },
  {
    id: 'assignment',
    pattern: new RegExp(`${NAME}["'\`]?\\]?\\s{0,4}(?::|=>?|:=)\\s{0,4}["'\`]([^\\s"'\`\\\\]{12,200})["'\`]`, 'gi'),
    isSecret: isRandom,
  },
  {
    id: 'setting',
    pattern: new RegExp(`${NAME}["']?[ \\t]{0,4}[:=][ \\t]{0,4}([^\\s"'\`#,;(){}]{12,200})[ \\t]*(?:#.*)?$`, 'gim'),
    isSecret: isRandom,
    files: PLAIN_FILES,
  },
];

/** What secretlint misses, as rules of secretlint. */
export const OWN_RULES: readonly SecretLintRuleCreator[] = KINDS.map(ruleOf);

function ruleOf({ id, pattern, isSecret = () => true, files }: Kind): SecretLintRuleCreator {
  return {
    messages: {},
    meta: { id, type: 'scanner', recommended: true, supportedContentTypes: ['text'] },
    create: (context) => ({
      file({ content, ext }) {
        if (files !== undefined && !files.has(ext)) return;
        for (const match of content.matchAll(pattern)) {
          const secret = match[1] ?? match[0];
          if (isExample(secret) || !isSecret(secret)) continue;
          const range = [match.index, match.index + match[0].length] as const;
          // No text: what is found is never told.
          context.report({ message: { message: '', messageId: id, data: undefined }, range });
        }
      },
    }),
  };
}

/** A token says how it is signed; the one that every manual shows is John Doe's. */
function isToken(text: string): boolean {
  const [header = '', payload = ''] = text.split('.');
  const { alg } = (decoded(header) ?? {}) as { readonly alg?: unknown };
  const { sub, name } = (decoded(payload) ?? {}) as { readonly sub?: unknown; readonly name?: unknown };
  return typeof alg === 'string' && alg !== 'none' && sub !== '1234567890' && name !== 'John Doe';
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
