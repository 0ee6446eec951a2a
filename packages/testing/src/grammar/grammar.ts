import type { Random } from '../random.js';

/**
 * A generative grammar: each rule is a list of alternatives, equally likely unless written twice. In an alternative
 * `{name}` expands a rule, `{Name}` the rule `name` with its first letter raised, `{2-99}` is a uniform integer. Other braces are plain text.
 */
export type Grammar = Readonly<Record<string, readonly string[]>>;

const SLOT = /\{([A-Za-z_]+|\d+-\d+)\}/g;

/** Expands a rule. @throws TypeError for an unknown rule, which is a mistake in the grammar. */
export function expandRule(grammar: Grammar, rule: string, random: Random): string {
  const alternatives = grammar[rule];
  if (alternatives === undefined) throw new TypeError(`no grammar rule ${rule}`);
  return random.choice(alternatives).replace(SLOT, (_, slot: string) => {
    const range = /^(\d+)-(\d+)$/.exec(slot);
    if (range) return String(random.integer(Number(range[1]), Number(range[2])));
    if (slot in grammar) return expandRule(grammar, slot, random);
    const text = expandRule(grammar, slot[0]!.toLowerCase() + slot.slice(1), random);
    return text[0]!.toUpperCase() + text.slice(1);
  });
}

/** Drops, doubles or swaps letters: about `rate` of the letters. */
export function mistype(text: string, rate: number, random: Random): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (!/[a-z]/i.test(letter) || !random.chance(rate)) out += letter;
    else if (random.chance(0.4)) continue;
    else if (random.chance(0.5) && i + 1 < text.length) out += text[++i]! + letter;
    else out += letter + letter;
  }
  return out;
}
