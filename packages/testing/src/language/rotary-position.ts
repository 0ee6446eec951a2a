/** Which numbers of a head turn together: neighbours (llama2.c, GGUF), or one of each half (names of `transformers`). */
export type RotaryPairs = 'neighbours' | 'halves';

/** The turn of each pair at a position: cosines, then sines. Pair i of a head of n numbers turns by position * base^(-2i/n). */
export function listTurns(position: number, headSize: number, base: number): Float64Array {
  const half = headSize / 2;
  const turns = new Float64Array(headSize);
  for (let i = 0; i < half; i++) {
    const angle = position * base ** (-i / half);
    turns[i] = Math.cos(angle);
    turns[half + i] = Math.sin(angle);
  }
  return turns;
}

/** Turns the pairs of each head in place: rotary positions (Su et al. 2021). */
export function applyTurns(x: Float64Array, turns: Float64Array, pairs: RotaryPairs): Float64Array {
  const size = turns.length;
  const half = size / 2;
  for (let at = 0; at < x.length; at += size)
    for (let i = 0; i < half; i++) {
      const first = at + (pairs === 'halves' ? i : 2 * i);
      const second = pairs === 'halves' ? first + half : first + 1;
      const [a, b, c, s] = [x[first]!, x[second]!, turns[i]!, turns[half + i]!];
      x[first] = a * c - b * s;
      x[second] = a * s + b * c;
    }
  return x;
}
