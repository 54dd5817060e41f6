import { isLoopback } from './address.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import { RegistryFault } from './fault.ts';

/** What a registry lets us in by. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** Sent as a bearer token, as it is. */
  | { readonly token: string };

/** What is going to be done, and where. */
export interface Scope {
  readonly repository: string;
  readonly writes: boolean;
}

/** The header `Authorization` for one registry. Nobody else is ever shown what it holds. */
export interface Authorization {
  /** What has let us in before; nothing at first. */
  header(scope: Scope): string | undefined;
  /** The answer to a 401; null when there is nothing (else) to answer. @throws RegistryFault */
  answer(challenge: string | readonly string[] | undefined, scope: Scope): Promise<string | null>;
}

/** Gets one small JSON document from an address. */
export type GetJson = (url: URL, authorization: string | undefined) => Promise<unknown>;

/**
 * @param credentials asked for each time that the registry asks us, so that renewed ones are found; null for none.
 * @param now milliseconds since 1970.
 */
export function createAuthorization(
  origin: string,
  credentials: () => Promise<Credentials | null>,
  getJson: GetJson,
  now: () => number = Date.now,
): Authorization {
  let always: string | undefined;
  const tokens = new Map<string, { readonly header: string; readonly until: number }>();
  const keyOf = ({ repository, writes }: Scope): string => `${repository} ${writes ? 'push' : 'pull'}`;

  async function tokenFor({ parameters }: Challenge, scope: Scope, known: Credentials | null): Promise<string> {
    const realm = realmOf(parameters['realm'] ?? '', origin);
    const { service, scope: asked = `repository:${scope.repository}:pull${scope.writes ? ',push' : ''}` } = parameters;
    if (service !== undefined) realm.searchParams.set('service', service);
    // Several scopes stand in one parameter, with blanks between them, and are asked for one by one.
    for (const each of asked.split(' ')) realm.searchParams.append('scope', each);
    const basic = known !== null && 'username' in known ? basicOf(known) : undefined;
    const answer = (await getJson(realm, basic)) as {
      token?: unknown;
      access_token?: unknown;
      expires_in?: unknown;
    } | null;
    const token = answer?.token ?? answer?.access_token;
    if (typeof token !== 'string' || token === '') {
      throw new RegistryFault('refused', `the token service ${realm.origin} of ${origin} gives no token`);
    }
    const lasts = typeof answer?.expires_in === 'number' ? answer.expires_in : SHORTEST_LIFE;
    // Given up a little early: it has to hold until the request is through.
    tokens.set(keyOf(scope), { header: `Bearer ${token}`, until: now() + lasts * 900 });
    return `Bearer ${token}`;
  }

  return {
    header(scope) {
      const token = tokens.get(keyOf(scope));
      return token !== undefined && token.until > now() ? token.header : always;
    },

    async answer(header, scope) {
      const challenges = parseChallenges(header);
      const known = await credentials();
      if (known !== null && 'token' in known) return (always = `Bearer ${known.token}`);
      const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && 'realm' in parameters);
      if (bearer !== undefined) return await tokenFor(bearer, scope, known);
      if (known === null || !challenges.some(({ scheme }) => scheme === 'basic')) return null;
      return (always = basicOf(known));
    },
  };
}

/** Seconds; what a token lasts that does not say so (distribution's token specification). */
const SHORTEST_LIFE = 60;

function basicOf({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Where tokens are given out. A registry names it, so it is looked at before our password goes there: over TLS, or to
 * the registry's own host, or within this machine.
 */
function realmOf(text: string, origin: string): URL {
  const realm = URL.canParse(text) ? new URL(text) : null;
  const registry = new URL(origin);
  const own = realm?.protocol === registry.protocol && realm.hostname === registry.hostname;
  const within = realm?.protocol === 'http:' && isLoopback(realm) && isLoopback(registry);
  if (realm !== null && (realm.protocol === 'https:' || own || within)) return realm;
  const expected = `expected an https address, or one on ${registry.hostname}`;
  throw new RegistryFault(
    'refused',
    `${origin} sends us to another place for a token: ${expected}; nothing was sent there`,
  );
}
