import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Signing } from '../config/trust.ts';
import type { SecretReference } from '../config/secret.ts';
import { SlipwayError } from '../contract/failure.ts';
import { belongsTo, holderName, validKeysOf, whyInvalid, type Holder } from './choice.ts';
import { createSigner } from './key.ts';
import { privateKeyFile, readPrivateKey } from './key-files.ts';
import type { KeyFolder } from './key-folder.ts';
import type { TrustedKey, TrustPolicy } from './trust.ts';

/** Where private keys are looked for. */
export interface KeyPlaces {
  readonly signing: Signing;
  readonly keys: KeyFolder;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Absolute; what relative paths of `signing` start from. */
  readonly folder: string;
}

/** A private key, and what the trust policy says of it. */
export interface OwnKey {
  readonly pem: string;
  readonly key: TrustedKey;
}

/** Where the platform file says that this holder's key is; null when that is the key folder. */
export function referenceOf({ orchestrator, builder, deployers }: Signing, holder: Holder): SecretReference | null {
  const own = { orchestrator, builder, deployer: deployers[holder.environment ?? ''] }[holder.role];
  return own ?? null;
}

/**
 * The key that a holder signs with now: what `signing` leads to, else the newest valid one of which the private half lies
 * in the key folder. Not asynchronous, because signing is not.
 * @throws KEY_UNAVAILABLE, saying what was looked for, where, and what to do
 */
export function findPrivateKey(places: KeyPlaces, policy: TrustPolicy, holder: Holder, now: string): OwnKey {
  const reference = referenceOf(places.signing, holder);
  if (reference === null) return inFolder(places.keys, policy, holder, now);
  const named = `signing.${holder.environment === null ? holder.role : `deployers.${holder.environment}`}`;
  const pem = resolved(reference, named, places);
  return believed(pem, named, policy, holder, now);
}

/**
 * The key as one that would be believed.
 * @param subject whose it is, for messages
 * @throws KEY_UNAVAILABLE when the trust policy does not let it sign for this holder now
 */
export function believed(pem: string, subject: string, policy: TrustPolicy, holder: Holder, now: string): OwnKey {
  const { keyid } = createSigner(pem, subject);
  const known = policy.keys.filter((key) => key.keyid === keyid);
  const own = known.filter((key) => belongsTo(key, holder));
  const valid = own.find((key) => whyInvalid(key, now) === null);
  if (valid !== undefined) return { pem, key: valid };
  const [first] = own;
  const found =
    first !== undefined
      ? `${first.name} ${whyInvalid(first, now)}`
      : known[0] !== undefined
        ? `${known[0].name} is a key of ${known[0].role}${known[0].environments === undefined ? '' : ` for ${known[0].environments.join(', ')}`}`
        : `the key ${keyid.slice(0, 16)}… is not in the trust policy`;
  throw unavailable(holder, `${subject}: ${found}`, 'put a valid one there, and its public key into the trust policy');
}

function inFolder(keys: KeyFolder, policy: TrustPolicy, holder: Holder, now: string): OwnKey {
  const valid = validKeysOf(policy, holder, now);
  for (const key of valid) {
    const pem = readPrivateKey(keys, key.name);
    if (pem === null) continue;
    const file = privateKeyFile(keys, key.name);
    if (createSigner(pem, file).keyid === key.keyid) return { pem, key };
    throw unavailable(
      holder,
      `${file} is not the key that the trust policy calls ${key.name}`,
      'put the right one there',
    );
  }
  const newest = policy.keys.findLast((key) => belongsTo(key, holder));
  const found =
    valid[0] !== undefined
      ? `the private half of ${valid[0].name} is not in ${keys.folder}`
      : newest === undefined
        ? 'the trust policy has no key of it'
        : `${newest.name} ${whyInvalid(newest, now)}`;
  throw unavailable(holder, found, 'make one with slipway keys create, or say under `signing` where it is');
}

function resolved(reference: SecretReference, named: string, { env, folder }: KeyPlaces): string {
  if ('env' in reference) {
    const value = env[reference.env] ?? '';
    if (value.trim() !== '') return value;
    throw new SlipwayError(
      'KEY_UNAVAILABLE',
      `${named}: the variable ${reference.env} is not set; set it to a PEM key`,
    );
  }
  const file = resolve(folder, reference.file);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new SlipwayError('KEY_UNAVAILABLE', `${named}: ${file} cannot be read (${code}); put the key there`);
  }
}

function unavailable(holder: Holder, found: string, todo: string): SlipwayError {
  return new SlipwayError('KEY_UNAVAILABLE', `${holderName(holder)} cannot sign: ${found}; ${todo}`);
}
