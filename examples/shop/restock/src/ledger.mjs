// The stock ledger: what was delivered, what was sold and what is left, for each product.
// It lies in the instance folder, which is the shop's own: versions of this agent come and go, the ledger stays.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'ledger.json';
const PRODUCTS = ['bud-vase', 'morning-mug', 'serving-plate', 'soup-bowl'];

/** The ledger as it was left, or a new one. Throws when it cannot be read: better no agent than a forgotten ledger. */
export function openLedger(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    const stock = PRODUCTS.map((id) => [id, { delivered: 12, sold: 0, onShelf: 12 }]);
    return { turn: 0, stock: Object.fromEntries(stock) };
  }
}

/** Written whole or not at all: a reader never sees half a ledger. */
export function saveLedger(folder, ledger) {
  const fresh = join(folder, `${FILE}.new`);
  writeFileSync(fresh, `${JSON.stringify(ledger, null, 2)}\n`);
  renameSync(fresh, join(folder, FILE));
}

/** What does not add up, as sentences; none when all is well. */
export function faultsOf({ turn, stock }) {
  const faults = Number.isInteger(turn) && turn >= 0 ? [] : [`turn is ${turn}`];
  for (const [id, { delivered, sold, onShelf }] of Object.entries(stock)) {
    if (onShelf !== delivered - sold)
      faults.push(`${id}: ${delivered} delivered, ${sold} sold, but ${onShelf} on the shelf`);
    if (onShelf < 0) faults.push(`${id}: less than nothing on the shelf`);
  }
  return faults;
}
