import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { faultsOf, openLedger, saveLedger } from './ledger.mjs';
import { takeTurn } from './turn.mjs';

const folder = process.env.SLIPWAY_INSTANCE_DIR;
const ledger = openLedger(folder);
const faults = faultsOf(ledger);
if (faults.length > 0) throw new Error(`the ledger does not add up: ${faults.join('; ')}`);
// What lay there before may have changed hands meanwhile: it is counted again, shelf by shelf.
for (const id of ledger.turn === 0 ? [] : Object.keys(ledger.stock)) {
  console.log(`counts ${id} again`);
  await pause(1_200);
}
console.log(`goes on from turn ${ledger.turn}`);

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

// A turn that has begun is finished and saved before the agent ends.
while (!stop.signal.aborted) {
  takeTurn(ledger);
  saveLedger(folder, ledger);
  writeFileSync(process.env.SLIPWAY_HEARTBEAT, `${ledger.turn}\n`);
  await pause(200, undefined, { signal: stop.signal }).catch(() => {});
}
console.log(`stops after turn ${ledger.turn}`);
