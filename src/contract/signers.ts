import type { Chain, Fault } from './chain.ts';
import type { Dossier, NamedRecord } from './dossier.ts';
import { STAGES } from './stages.ts';

/** A document of a deployment, and the key that signed it; null for documents of versions that did not sign. */
export interface SignedDocument {
  /** A stage, or `record`. */
  readonly document: string;
  readonly key: string | null;
}

/** Who signed what of a deployment, in the order in which it was sealed. Pure. */
export function signersOf(chain: Chain, sealed: NamedRecord): readonly SignedDocument[] {
  const evidence = STAGES.flatMap((stage) => {
    const link = chain[stage];
    return link === undefined ? [] : [{ document: stage, key: link.key ?? null }];
  });
  return [...evidence, { document: 'record', key: sealed.key ?? null }];
}

/**
 * §15: once anything of a target is signed, so is everything after it: a signature that was taken away is missed, though
 * documents of versions that did not sign count as they are.
 */
export function faultOfSigners({ chain, sealed, before }: Dossier): Fault | null {
  let signed = before?.key ? `the record of ${before.record.deploymentId}` : null;
  for (const { document, key } of signersOf(chain, sealed)) {
    if (key === null && signed !== null) {
      return { clause: '§15', reason: `nobody signed its ${document}, though ${signed}, before it, is signed` };
    }
    if (key !== null) signed = `its ${document}`;
  }
  return null;
}
