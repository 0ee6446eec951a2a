/**
 * A caution when one side says the same again and again where the other does not: for half of the prompts or more all answers of a side are equal, and those of
 * the other are not. A cache does that, and temperature 0 does; a sampled model does not. Null when there is nothing to say.
 *
 * @param prompts for each prompt the answers of two sides
 */
export function findRepetition(
  prompts: readonly (readonly [readonly string[], readonly string[]])[],
): string | null {
  const frozen = [0, 0];
  for (const sides of prompts) {
    const [first, second] = sides.map((answers) => new Set(answers).size === 1);
    if (first !== second) frozen[first ? 0 : 1]!++;
  }
  const [ours, theirs] = frozen as [number, number];
  const most = Math.max(ours, theirs);
  if (most * 2 < prompts.length) return null;
  const side = ours >= theirs ? 'Our model' : 'The suspect';
  return `${side} gave one and the same answer every time to ${most} of ${prompts.length} prompts, and the other side did not: a cache or temperature 0 does that, and the test sees it as another model.`;
}
