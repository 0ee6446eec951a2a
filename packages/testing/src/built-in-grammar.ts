import { sourceError } from './error.js';
import { ATTACK_STYLES } from './grammar/attack-styles.js';
import { expandRule, mistype } from './grammar/grammar.js';
import { HONEST_STYLES } from './grammar/honest-styles.js';
import { LEXICON } from './grammar/lexicon.js';
import { NearRepeatIndex } from './near-repeat.js';
import { PromptSource } from './prompt-source.js';
import { stream } from './random.js';

export const BUILT_IN_ATTACK_SOURCES: readonly string[] = Object.keys(ATTACK_STYLES);
export const BUILT_IN_HONEST_SOURCES: readonly string[] = Object.keys(HONEST_STYLES);

export interface BuiltInOptions {
  /** Which styles; default all, attack styles first. */
  readonly names?: readonly string[];
  /** Prompts a style, default 6,000. */
  readonly size?: number;
  /** Default 'built-in'. */
  readonly seed?: string;
}

/**
 * Self-made prompt sources, so that a simulation needs no data: seven styles of demand known from distillers, ten of
 * ordinary demand. Each is a small generative grammar, expanded `size` times. They are a stand-in: narrower in words
 * than real corpora, and every figure measured on them is a figure about them.
 *
 * The collision rate 2k/n^2 of each style is thinned (`repeatShare`) to the magnitude of its real counterpart, measured
 * on public corpora: instruction lists 1e-6, grade-school maths 1e-6, reasoning sets 1e-5, code lists 2e-5, tool questions
 * 3e-6, chat and support questions 4e-5 to 1e-4 (here 1e-4 to 1.6e-4, at 6,000
 * prompts), evaluation items 1e-5, curated question titles 1e-6.
 *
 * @throws PhalanxError `TESTING_SOURCE` for an unknown name, or when a style cannot yield `size` prompts.
 */
export function buildBuiltInSources(options: BuiltInOptions = {}): PromptSource[] {
  const { size = 6000, seed = 'built-in' } = options;
  const names = options.names ?? [...BUILT_IN_ATTACK_SOURCES, ...BUILT_IN_HONEST_SOURCES];
  return names.map((name) => {
    const random = stream(seed, 'grammar', name);
    const attack = ATTACK_STYLES[name];
    const honest = HONEST_STYLES[name];
    const style = attack ?? honest;
    if (style === undefined) throw sourceError(`no built-in prompt source ${name}`);
    const grammar = { ...LEXICON, ...style.grammar };
    const texts: string[] = [];
    const index = new NearRepeatIndex();
    for (let tries = 0; texts.length < size; tries++) {
      if (tries === 12 * size)
        throw sourceError(`style ${name} has fewer than ${size} prompts at its repeat rate`);
      let text: string;
      if (honest !== undefined && random.chance(honest.popular)) {
        text = grammar.popular![random.zipf(grammar.popular!.length)]!;
      } else {
        text = expandRule(grammar, 'prompt', random);
        if (honest !== undefined && random.chance(honest.lower))
          text = mistype(text.toLowerCase(), honest.typos, random);
      }
      if (style.repeatShare < 1) {
        let kept = true;
        index.add(text, (repeats) => (kept = repeats === 0 || random.chance(style.repeatShare)));
        if (!kept) continue;
      }
      texts.push(text);
    }
    return new PromptSource(name, attack === undefined ? 'benign' : 'attack', style.kind, texts);
  });
}
