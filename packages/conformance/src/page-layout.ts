/** A word on a page as `pdftotext -bbox` gives it, in points from the upper left corner. */
export interface PlacedWord {
  readonly page: number;
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Reads the XHTML that `pdftotext -bbox` writes. */
export function readWords(xhtml: string): PlacedWord[] {
  const words: PlacedWord[] = [];
  for (const [page, text] of xhtml.split('<page ').slice(1).entries())
    for (const [, left, top, right, bottom, word] of text.matchAll(
      /<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)<\/word>/g,
    ))
      words.push({
        page: page + 1,
        text: word!,
        left: Number(left),
        top: Number(top),
        right: Number(right),
        bottom: Number(bottom),
      });
  return words;
}

/** Words outside of the margins (points). */
export function findOutside(
  words: readonly PlacedWord[],
  margin: number,
  width: number,
  height: number,
): PlacedWord[] {
  return words.filter(
    ({ left, right, top, bottom }) =>
      left < margin || right > width - margin || top < margin / 2 || bottom > height - margin / 2,
  );
}

/** Pairs of words that cover one another by more than a point sideways and three upright; boxes of lines overlap a little. */
export function findCollisions(words: readonly PlacedWord[]): [PlacedWord, PlacedWord][] {
  const found: [PlacedWord, PlacedWord][] = [];
  const sorted = [...words].sort((a, b) => a.page - b.page || a.top - b.top);
  for (const [i, a] of sorted.entries())
    for (let j = i + 1; j < sorted.length; j++) {
      const b = sorted[j]!;
      if (b.page !== a.page || b.top > a.bottom - 3) break;
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1) found.push([a, b]);
    }
  return found;
}
