/** Cyrillic letters that an attacker puts for Latin ones: those that common typefaces draw alike. */
const TWINS = new Map(
  [...'aа cс eе iі oо pр xх yу jј sѕ AА BВ CС EЕ HН KК MМ OО PР TТ XХ'.split(' ')].map(([latin, twin]) => [
    latin,
    twin,
  ]),
);

/** A letter that looks like this one; undefined where there is none. */
export function findHomoglyph(letter: string): string | undefined {
  return TWINS.get(letter);
}
