import { isDigest } from '../contract/digest.ts';
import { effect } from '../failpoints.ts';
import { subjectOf } from '../registry/descriptor.ts';
import { RegistryFault } from '../registry/fault.ts';
import { getManifest, putManifest, type FoundManifest } from '../registry/manifests.ts';
import { giveUpOrPause } from '../registry/patience.ts';
import type { Place } from '../registry/place.ts';
import type { Referrers } from '../registry/referrers.ts';
import { createTurns } from '../registry/turns.ts';

/** Names in a registry: its tags. */
export interface TagClaims {
  /** Gives a name to a manifest, unless it is taken, and lists at its subject whatever stands. @throws RegistryFault */
  claim(name: string, manifest: FoundManifest): Promise<{ readonly stands: FoundManifest; readonly won: boolean }>;
}

/**
 * The first claim of a name stands, as far as a registry can do that. It has no compare-and-swap, so we look, put where
 * there is nothing, and look again: the answer is what stands then. Each put is preceded by a look, a second try too. In
 * one process claims of a name come one after the other. Where the registry refuses to move tags, or heeds
 * `If-None-Match`, that decides. Elsewhere two processes that both looked before either put may both put, and the later
 * one stands; what that leaves, and what it cannot do, is in docs/adr/0026.
 */
export function createTagClaims(place: Place, referrers: Referrers): TagClaims {
  const turns = createTurns();

  /** Looks, and puts where nothing is, until something stands. */
  async function settle(
    name: string,
    manifest: FoundManifest,
  ): Promise<{ readonly stands: FoundManifest; readonly won: boolean; readonly listed: boolean }> {
    let [put, listed] = [false, false];
    for (let failed = 0; ;) {
      const stands = await getManifest(place, name);
      if (stands !== null) return { stands, won: put && stands.digest === manifest.digest, listed };
      try {
        if (failed > place.patience.tries) throw new RegistryFault('away', `${name} is given, and does not stand`);
        await effect('registry.claim-tag', name, async (midway) => {
          put = true;
          listed = (await putManifest(place, name, { ...manifest, onlyNew: true })).lists;
          midway();
        });
        failed += 1;
      } catch (error) {
        failed += 1;
        // Somebody else was first, says the registry: then his stands at the next look.
        const taken = error instanceof RegistryFault && TAKEN.has(error.status ?? 0) && failed < 2;
        if (!taken) await giveUpOrPause(error, failed, place.patience);
      }
    }
  }

  return {
    claim: (name, manifest) =>
      turns(name, async () => {
        const { stands, won, listed } = await settle(name, manifest);
        const subject = subjectOf(stands)?.digest;
        // Also for a name that stood before: who gave it may have been killed before this.
        if (isDigest(subject) && !(listed && won)) await referrers.add(subject, stands);
        return { stands, won };
      }),
  };
}

/** How registries with immutable tags say that one is taken: they do not agree. */
const TAKEN = new Set([400, 403, 405, 409, 412]);
