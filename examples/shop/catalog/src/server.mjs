import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const products = readFileSync(new URL('products.json', import.meta.url));

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://catalog');
  if (pathname === '/healthz') return response.end('ok\n');
  if (pathname === '/products') return response.setHeader('content-type', 'application/json').end(products);
  response.writeHead(404).end('not found\n');
});

server.listen(Number(process.env.PORT), '127.0.0.1');

// Answers what has been asked, then ends.
process.on('SIGTERM', () => server.close());
