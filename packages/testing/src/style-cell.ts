import { hashString } from './random.js';

/**
 * The coarse look of a prompt, by which simulated customers differ: case of the first letter, one of 24 groups of first
 * words, last character's kind, length in half-octaves, one line or several. It is the simulator's own notion, made
 * without regard to any detector's features; the two are correlated, as any two descriptions of a text's look are.
 */
export function describeStyle(text: string): number {
  const trimmed = text.trim();
  const first = /^[^\s,.:;!?]*/.exec(trimmed)?.[0] ?? '';
  const lower = first.toLowerCase();
  const startsLower = first !== '' && first[0] === lower[0] ? 1 : 0;
  const last = trimmed.charCodeAt(trimmed.length - 1);
  const ending =
    last === 63 ? 0 : last === 46 ? 1 : last >= 48 && last <= 57 ? 2 : /\p{L}$/u.test(trimmed) ? 3 : 4;
  const length = Math.min(31, Math.floor(2 * Math.log2(1 + trimmed.length)));
  const several = trimmed.includes('\n') ? 1 : 0;
  return (hashString(lower) % 24) | (startsLower << 5) | (ending << 6) | (length << 9) | (several << 14);
}

/** Groups prompts by style: for each cell the prompt indices, cells by descending size. */
export function groupByStyle(texts: readonly string[]): Uint32Array[] {
  const cells = new Map<number, number[]>();
  texts.forEach((text, index) => {
    const style = describeStyle(text);
    const cell = cells.get(style);
    if (cell === undefined) cells.set(style, [index]);
    else cell.push(index);
  });
  return [...cells.entries()]
    .sort(([a, x], [b, y]) => y.length - x.length || a - b)
    .map(([, members]) => Uint32Array.from(members));
}
