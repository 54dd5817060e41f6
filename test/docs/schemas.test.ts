import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FOLDER } from './published.ts';
import { generateSchemas } from './schemas.ts';

test('docs/schemas is what the types say: npm run schemas writes it anew', { timeout: 60_000 }, async () => {
  const schemas = generateSchemas();
  for (const [file, text] of schemas) await expect(text).toMatchFileSnapshot(join(FOLDER, file));
  expect(readdirSync(FOLDER).toSorted()).toEqual([...schemas.keys()].toSorted());
});
