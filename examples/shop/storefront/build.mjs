// Sets the home page into the shop's frame and writes dist/. The same source gives the same bytes, wherever it runs.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { frame } from '../packages/ui/frame.mjs';

const theme = readFileSync('../packages/ui/theme.css', 'utf8');
const home = readFileSync('src/home.html', 'utf8');

mkdirSync('dist', { recursive: true });
writeFileSync('dist/home.html', frame({ title: 'Kiln & Clay', body: home }));
writeFileSync('dist/theme.css', theme);
cpSync('../packages/ui/frame.mjs', 'dist/frame.mjs');
cpSync('../packages/ui/card.mjs', 'dist/card.mjs');
cpSync('src/server.mjs', 'dist/server.mjs');
