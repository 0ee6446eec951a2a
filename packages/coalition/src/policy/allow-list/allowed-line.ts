/**
 * Sentences that our own tests of marks and descent write about themselves: a code list, so that their nulls travel without a person
 * reading each. Another sentence is free text.
 */
export const ALLOWED_LINES: ReadonlySet<string> = new Set([
  'the key has nothing to do with how these tokens were chosen',
  'the key was secret and was fixed before these texts were written',
  'the texts and the key are independent',
  'nobody else marks with this key',
  'green tokens over their expectation, each n-gram once',
  'sum of pivots over its expectation, each n-gram once',
  'The two models share no random start: the order of the units of one was drawn independently of the other.',
  'the order of the units of one was drawn independently of the other',
  'neurons found again under order, scale and basis',
]);
