const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const text = (value) => String(value).replace(/[&<>"]/g, (character) => ENTITIES[character]);

/** One product of the catalog, as a card. `price` is in cents. */
export function card({ name, price, glaze, story }, currency) {
  return `<article class="card">
<div class="swatch ${text(glaze)}"></div>
<h2>${text(name)}</h2>
<p>${text(story)}</p>
<strong>${(price / 100).toFixed(2)} ${text(currency)}</strong>
</article>`;
}
