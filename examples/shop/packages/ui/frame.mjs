/** A whole page: the shop's header and footer around `body`, which is HTML. */
export function frame({ title, body }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title.replaceAll('&', '&amp;')}</title>
<link rel="stylesheet" href="/theme.css">
</head>
<body>
<header><a class="name" href="/">Kiln &amp; Clay</a><nav><a href="/products">Shelf</a></nav></header>
<main>
${body}
</main>
<footer>Made slowly. Deployed carefully.</footer>
</body>
</html>
`;
}
