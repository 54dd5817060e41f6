import type { LoadedPlatform } from '../config/load.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { Role } from '../contract/stages.ts';
import { holderName, whyInvalid, type Holder } from './choice.ts';
import { createSigner, type Signer } from './key.ts';
import { keyFolderOf } from './key-folder.ts';
import { createNotary, type Notary } from './notary.ts';
import { policyOf } from './policy.ts';
import { believed, findPrivateKey, type OwnKey } from './private-key.ts';
import type { TrustPolicy } from './trust.ts';
import { createTrustFiles } from './trust-file.ts';

export interface TrustOptions {
  readonly loaded: Pick<LoadedPlatform, 'file' | 'folder'>;
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** Reads the trust policy as it is now; null where there is none. @throws FILE_INVALID */
export type ReadTrust = () => TrustPolicy | null;

/** Both places, read again only when they have changed. @throws USAGE for a wrong `SLIPWAY_KEYS` */
export function openTrust({ loaded, env }: TrustOptions): ReadTrust {
  const { trustFile } = keyFolderOf(loaded.folder, env);
  const written = createTrustFiles({ platformFile: loaded.file, trustFile });
  let known: { readonly of: unknown; readonly policy: TrustPolicy } | null = null;
  return () => {
    const now = written();
    if (now === null) return null;
    if (known?.of !== now.trust) known = { of: now.trust, policy: policyOf(now.trust) };
    return known.policy;
  };
}

/** For who reads and signs nothing: by what policy there is; nobody is believed where there is none. */
export function openReader(options: TrustOptions): Notary {
  const read = openTrust(options);
  return createNotary(null, async () => read() ?? { keys: [] });
}

export interface NotaryOptions extends TrustOptions {
  readonly loaded: LoadedPlatform;
  readonly role: Role;
  /** Of a deployer; else null. */
  readonly environment: string | null;
  /** A private key that the worker was given when it was started; else it looks for its own. */
  readonly handedOver?: string | null;
}

/**
 * For a worker: signs with its own key, and believes by the policy of each moment. A key that has ended is looked for
 * again before the next signature: nothing is ever signed that would not be believed.
 * @throws KEY_UNAVAILABLE when there is no key, or none that the trust policy knows; so does signing, later
 */
export function openNotary({ loaded, env, role, environment, handedOver = null }: NotaryOptions): Notary {
  const read = openTrust({ loaded, env });
  const holder: Holder = { role, environment: role === 'deployer' ? environment : null };
  const { signing } = loaded.platform;
  const places = { signing, keys: keyFolderOf(loaded.folder, env), env, folder: loaded.folder };

  const current = (): TrustPolicy => orUnavailable(read);
  const choose = (policy: TrustPolicy, now: string): OwnKey =>
    handedOver === null
      ? findPrivateKey(places, policy, holder, now)
      : believed(handedOver, `the key that ${holderName(holder)} was started with`, policy, holder, now);

  let own: { readonly policy: TrustPolicy; readonly chosen: OwnKey; readonly signer: Signer } | null = null;
  const signer = (): Signer => {
    const policy = current();
    const now = new Date().toISOString();
    if (own?.policy !== policy || whyInvalid(own.chosen.key, now) !== null) {
      const chosen = choose(policy, now);
      own = { policy, chosen, signer: createSigner(chosen.pem, chosen.key.name) };
    }
    return own.signer;
  };

  const { keyid } = signer();
  return createNotary({ keyid, sign: (payload) => signer().sign(payload) }, async () => current());
}

/** A policy that cannot be read is our own side's fault: who asks waits, and believes nobody meanwhile. */
function orUnavailable(read: ReadTrust): TrustPolicy {
  let policy: TrustPolicy | null;
  try {
    policy = read();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'FILE_INVALID') throw error;
    throw new SlipwayError('KEY_UNAVAILABLE', `the trust policy cannot be read: ${error.message}`, { cause: error });
  }
  if (policy !== null) return policy;
  const todo = 'slipway up makes one; or slipway keys create, or write `trust` into platform.yaml';
  throw new SlipwayError('KEY_UNAVAILABLE', `there is no trust policy: ${todo}`);
}
