import { SlipwayError } from '../contract/failure.ts';
import { RegistryFault } from '../registry/fault.ts';
import type { Place } from '../registry/place.ts';

/** Does something that only reads. @throws STORE_UNAVAILABLE, STORE_REFUSED, ARTIFACT_CORRUPT */
export async function reading<T>(place: Place, step: () => Promise<T>): Promise<T> {
  return inStoreErrors(place, 'reading', step);
}

/** Does something that writes. @throws STORE_UNAVAILABLE, STORE_REFUSED */
export async function writing<T>(place: Place, step: () => Promise<T>): Promise<T> {
  return inStoreErrors(place, 'writing', step);
}

async function inStoreErrors<T>(
  { transport, repository }: Place,
  doing: 'reading' | 'writing',
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw asStoreError(error, `${transport.origin}/${repository}`, doing);
  }
}

/**
 * What a registry did to us, as a failure. It is never the change's fault; but for bytes that are not those that were
 * sealed, which is what nobody may deploy (§6).
 * @param where the registry, and the repository.
 */
export function asStoreError(error: unknown, where: string, doing: 'reading' | 'writing'): unknown {
  if (!(error instanceof RegistryFault)) return error;
  const { kind, message, status } = error;
  const said = (code: 'STORE_UNAVAILABLE' | 'STORE_REFUSED' | 'ARTIFACT_CORRUPT', todo: string): SlipwayError =>
    new SlipwayError(code, `${where}: ${message}; ${todo}`, { cause: error });
  if (kind === 'corrupt' && doing === 'reading') {
    return said('ARTIFACT_CORRUPT', 'restore it from a copy of the store, or build the revision again');
  }
  if (kind === 'away' || kind === 'corrupt') return said('STORE_UNAVAILABLE', AWAY[status ?? 0] ?? AWAY[0]);
  return said('STORE_REFUSED', REFUSED[status ?? 0] ?? REFUSED[0]);
}

const AWAY: Readonly<Record<number, string>> & { readonly 0: string } = {
  0: 'look at the registry, and at the way there; it is asked again',
  507: 'free some space there, or raise the quota; it is asked again',
};

const LET_IN =
  'give credentials that may pull and push there: store.username and store.password, or store.token, in platform.yaml';

const REFUSED: Readonly<Record<number, string>> & { readonly 0: string } = {
  0: 'correct store in platform.yaml, or what the registry takes',
  401: LET_IN,
  403: LET_IN,
  404: 'make that repository there, or correct store.registry in platform.yaml',
  413: 'let the registry, and what stands before it, take bodies of that size',
};
