// Checks the products and writes dist/. The same source gives the same bytes, wherever and whenever it runs.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const products = JSON.parse(readFileSync('src/products.json', 'utf8'));
const seen = new Set();
for (const { id, name, price } of products) {
  if (seen.has(id)) throw new Error(`src/products.json: two products have the id ${id}`);
  if (!name || !Number.isInteger(price) || price <= 0) {
    throw new Error(`src/products.json: ${id} needs a name and a price in whole cents`);
  }
  seen.add(id);
}
products.sort((a, b) => (a.id < b.id ? -1 : 1));

mkdirSync('dist', { recursive: true });
writeFileSync('dist/products.json', `${JSON.stringify({ currency: 'EUR', products }, null, 2)}\n`);
cpSync('src/server.mjs', 'dist/server.mjs');
