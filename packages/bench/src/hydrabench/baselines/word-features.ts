/** Buckets of the hashing trick; a power of two. */
export const WORD_BUCKETS = 1 << 16;
/** Words read of a prompt. */
const WORDS = 60;
const WORD = /\p{L}+|\p{N}|[^\s\p{L}\p{N}]/gu;

/** Distinct hashed words and word pairs of a prompt's first 60 words, digits as one word each; 0 <= bucket < `buckets`. */
export function hashWords(text: string, buckets: number): Uint32Array {
  const found = new Set<number>();
  let before = 0;
  let words = 0;
  for (const [word] of text.slice(0, 2000).matchAll(WORD)) {
    if (++words > WORDS) break;
    const h = hashString(word.toLowerCase());
    found.add(h & (buckets - 1));
    found.add((Math.imul(before ^ (h >>> 7), 0x9e3779b1) >>> 8) & (buckets - 1));
    before = h;
  }
  return Uint32Array.from(found);
}

/** FNV-1a with the finaliser of MurmurHash3. */
function hashString(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
