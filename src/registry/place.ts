import type { Scope } from './authorization.ts';
import type { Patience } from './patience.ts';
import type { Transport } from './transport.ts';

/** One repository of a registry, and how it is asked. */
export interface Place {
  readonly transport: Transport;
  readonly repository: string;
  readonly patience: Patience;
  readonly url: (path: string) => URL;
  readonly scope: (writes: boolean) => Scope;
}

export function placeOf(transport: Transport, repository: string, patience: Patience): Place {
  return {
    transport,
    repository,
    patience,
    url: (path) => new URL(`/v2/${repository}/${path}`, transport.origin),
    scope: (writes) => ({ repository, writes }),
  };
}
