/**
 * LIKE of section 9.6.1: `%` stands for any number of characters, `_` for one, everything else for itself; the whole
 * string must fit. Both sides in Unicode normalisation form C. At most `text.length * pattern.length` comparisons.
 */
export function matchesWildcard(text: string, pattern: string): boolean {
  const characters = [...text.normalize('NFC')];
  const wanted = [...pattern.normalize('NFC')];
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < characters.length) {
    if (wanted[next] === '%') {
      star = next++;
      starAt = at;
    } else if (next < wanted.length && (wanted[next] === '_' || wanted[next] === characters[at])) {
      at++;
      next++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (wanted[next] === '%') next++;
  return next === wanted.length;
}
