import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { card } from './card.mjs';
import { frame } from './frame.mjs';

const file = (name) => readFileSync(new URL(name, import.meta.url));
const html = { 'content-type': 'text/html; charset=utf-8' };
const home = file('home.html');
const theme = file('theme.css');

/** Whether the catalog has told that it is warm. Where there is none, the home page stands on its own. */
let isWarm = false;

const server = createServer(async (request, response) => {
  switch (new URL(request.url, 'http://storefront').pathname) {
    case '/':
      return response.writeHead(200, html).end(home);
    case '/theme.css':
      return response.writeHead(200, { 'content-type': 'text/css' }).end(theme);
    case '/healthz':
      return response.writeHead(isWarm ? 200 : 503).end(isWarm ? 'ok\n' : 'warming up\n');
    case '/products':
      return showProducts(response);
    default:
      return response.writeHead(404, html).end(frame({ title: 'Not here', body: '<h1>Nothing on this shelf</h1>' }));
  }
});

/** The home page stands on its own; this page needs the catalog, and says so when it is away. */
async function showProducts(response) {
  try {
    const answer = await fetch(`${process.env.CATALOG_URL}/products`, { signal: AbortSignal.timeout(2_000) });
    const { currency, products } = await answer.json();
    const cards = products.map((product) => card(product, currency)).join('\n');
    const body = `<h1>On the shelf</h1>\n<section class="shelf-of-cards">\n${cards}\n</section>`;
    response.writeHead(200, html).end(frame({ title: 'On the shelf', body }));
  } catch (error) {
    console.error(`the catalog could not be shown: ${error.message}`);
    response.writeHead(502, html).end(frame({ title: 'One moment', body: '<h1>The shelf is being dusted</h1>' }));
  }
}

async function warmUp() {
  const answer = await fetch(`${process.env.CATALOG_URL}/warm`).catch(() => null);
  isWarm = answer === null || answer.ok;
  if (!isWarm) setTimeout(warmUp, 200).unref();
}

warmUp();
server.listen(Number(process.env.PORT), '127.0.0.1');

// Answers what has been asked, then ends.
process.on('SIGTERM', () => server.close());
