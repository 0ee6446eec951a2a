/** ln of the softmax, in place. */
export function toLogProbabilities(x: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < x.length; i++) if (x[i]! > most) most = x[i]!;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp(x[i]! - most);
  const total = most + Math.log(sum);
  for (let i = 0; i < x.length; i++) x[i]! -= total;
  return x;
}
