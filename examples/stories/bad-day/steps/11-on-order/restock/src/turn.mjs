const LOW = 4;
const BATCH = 8;

/** Sells one piece, of each product in its turn, and orders a batch of what runs low. */
export function takeTurn(ledger) {
  const products = Object.values(ledger.stock);
  const piece = products[ledger.turn % products.length];
  piece.sold += 1;
  if (piece.delivered - piece.sold < LOW) piece.delivered += BATCH;
  piece.onOrder = piece.onShelf < BATCH ? BATCH : 0;
  piece.onShelf = piece.delivered - piece.sold;
  ledger.turn += 1;
}
