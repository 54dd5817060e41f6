const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const text = (value) => String(value).replace(/[&<>"]/g, (character) => ENTITIES[character]);

/** One product of the catalog, as a card. `price` is in cents, `delivery.earliest` a date. */
export function card({ name, price, glaze, story, delivery }, currency) {
  return `<article class="card">
<div class="swatch ${text(glaze)}"></div>
<h2>${text(name)}</h2>
<p>${text(story)}</p>
<p>With you from ${text(delivery.earliest)}</p>
<strong>${(price / 100).toFixed(2)} ${text(currency)}</strong>
</article>`;
}
