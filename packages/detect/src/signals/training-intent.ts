import { Intent, type IntentName } from '@phalanx/domain';
import { SOUGHT } from '../demand/component.js';
import { percent, type Signal } from './signal.js';

const WORDS: Partial<Record<IntentName, string>> = {
  REASONING: 'written-out reasoning',
  RUBRIC: 'grades by a rubric',
  PAIRWISE: 'preferences between answers',
  SYNTHESIS: 'invented tasks or examples',
  REWRITE: 'rewrites of given text',
  TOOLS: 'tool use',
};

/** What the prompts ask for in words, against everybody. Context: honest researchers ask for the same. */
export const trainingIntent: Signal = {
  name: 'training-intent',
  measure({ members, everybody }) {
    const share = (intents: Uint32Array, bit: number): number =>
      intents.reduce((n, value) => n + (value & bit ? 1 : 0), 0) / Math.max(1, intents.length);
    const lifts = SOUGHT.map((name) => ({
      name,
      pool: share(members.intents, Intent[name]),
      all: share(everybody.intents, Intent[name]),
    })).sort((a, b) => b.pool - b.all - (a.pool - a.all));
    const top = lifts[0]!;
    return {
      signal: 'training-intent',
      family: 'context',
      log10E: null,
      nullHypothesis: 'The accounts ask for training material no more than everybody does.',
      effect: {
        name: `share asking for ${WORDS[top.name]}`,
        value: top.pool,
        reference: top.all,
        unit: 'share',
      },
      sentence: `${percent(top.pool)} of the requests ask for ${WORDS[top.name]}; of everybody's, ${percent(top.all)} do.`,
      innocentExplanation: 'A study of reasoning or an evaluation with a model as judge asks for the same.',
      refutedBy: 'A declared evaluation, or a publication, whose prompts these are.',
      atlas: 'AML.T0024.002',
    };
  },
};
