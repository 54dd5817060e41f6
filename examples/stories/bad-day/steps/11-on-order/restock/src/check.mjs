// A smoke test: reads the ledger of the running agent, writes nothing, and says whether it adds up.
import { accessSync } from 'node:fs';
import { join } from 'node:path';
import { faultsOf, openLedger } from './ledger.mjs';

const folder = process.env.SLIPWAY_INSTANCE_DIR;
accessSync(join(folder, 'ledger.json'));
const ledger = openLedger(folder);
const faults = faultsOf(ledger);
for (const [id, { ordered }] of Object.entries(ledger.stock)) {
  if (!Number.isInteger(ordered)) faults.push(`${id}: nobody knows how many are on order`);
}
console.log(faults.length === 0 ? `turn ${ledger.turn}: the ledger adds up` : faults.join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;
