/**
 * Letters of Cyrillic and Greek that look like a Latin one in common typefaces, our own selection: after each Latin
 * letter its likenesses. Capital and small are listed apart, because few small Greek letters have one.
 */
const LIKENESSES =
  'aаα cсϲ dԁ eе hһ iіι jјϳ kκ lӏ oоο pрρ qԛ sѕ uυ vѵν wԝ xхχ yу ' +
  'AАΑ BВΒ CСϹ EЕΕ GԌ HНΗ IІΙӀ JЈ KКΚ MМΜ NΝ OОΟ PРΡ QԚ SЅ TТΤ VѴ WԜ XХΧ YУΥ ZΖ';

/** Latin letters whose likeness Russian, Ukrainian or Bulgarian writes with: for a Latin letter within a Cyrillic word. */
const CYRILLIC_TWINS = 'aа cс eе iі oо pр xх yу AА BВ CС EЕ HН IІ KК MМ OО PР TТ XХ';
/** The same for a Greek word. */
const GREEK_TWINS = 'oο vν AΑ BΒ EΕ HΗ IΙ KΚ MΜ NΝ OΟ PΡ TΤ XΧ YΥ ZΖ';

/** Code point of a Cyrillic or Greek letter to the Latin letter that it looks like. */
export const TO_LATIN: ReadonlyMap<string, string> = new Map(
  LIKENESSES.split(' ').flatMap(([latin, ...others]) => others.map((other) => [other, latin!] as const)),
);

/** Latin letter to the Cyrillic one that looks like it. */
export const TO_CYRILLIC: ReadonlyMap<string, string> = readTwins(CYRILLIC_TWINS);

/** Latin letter to the Greek one that looks like it. */
export const TO_GREEK: ReadonlyMap<string, string> = readTwins(GREEK_TWINS);

function readTwins(list: string): Map<string, string> {
  return new Map(list.split(' ').map((pair) => [pair[0]!, pair[1]!] as const));
}
