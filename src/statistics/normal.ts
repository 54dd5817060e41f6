/** The chance that a standard normal variable is above `z`, to about 15 digits. */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);
  return z < 3 ? 0.5 - density * series(z) : density / continuedFraction(z);
}

/** Marsaglia 2004: the area from 0 to z, over the density at z. */
function series(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 3; term > sum * 1e-17; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return sum;
}

/** Laplace: z + 1/(z + 2/(z + 3/(z + …))), from its far end; 200 steps are enough from z = 3 on. */
function continuedFraction(z: number): number {
  let fraction = z;
  for (let k = 200; k >= 1; k--) fraction = z + k / fraction;
  return fraction;
}
