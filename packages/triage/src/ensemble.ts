import type { Random } from '@phalanx/stats';
import { applyLinear, denseVector, fitLogistic, type LinearModel } from './logistic-regression.js';
import {
  type Consultation,
  consultMembers,
  type FeaturedText,
  fitMembers,
  MEMBER_NAMES,
  type Members,
} from './members.js';
import { chooseAlphabet } from './prepared-text.js';
import { areaUnderRoc } from './roc.js';
import { applyScaling, fitScaling, type Scaling } from './scaling.js';
import { requireCorpus } from './triage-error.js';
import type { CorpusDescription, TriageModel } from './triage-model.js';

const FOLDS = 5;
const STACK_COST = 1;

/** A usable text. `group` is a number of its own where none was given. */
export interface Sample {
  readonly featured: FeaturedText;
  readonly group: string;
  readonly stratum: string;
}

/** The score of a text: the logit of the stack. Larger is more like the machine texts. */
export function scoreFeatured(
  ensemble: Pick<TriageModel, 'members' | 'stackScaling' | 'stack'>,
  featured: FeaturedText,
): Consultation & { readonly score: number } {
  const consultation = consultMembers(ensemble.members, featured);
  const scaled = denseVector(applyScaling(ensemble.stackScaling, consultation.said));
  return { ...consultation, score: applyLinear(ensemble.stack, scaled) };
}

/** Members and the stack over them, fitted. */
export interface Ensemble {
  readonly members: Members;
  readonly stackScaling: Scaling;
  readonly stack: LinearModel;
  readonly machineFamiliarities: Float64Array;
  readonly auroc: CorpusDescription['crossFittedAuroc'];
}

/**
 * Members are fitted five times without a fifth of the groups, the stack on what they say of that fifth, then the members on all.
 *
 * @throws PhalanxError `TRIAGE_CORPUS` when the groups are too few to be dealt
 */
export function fitEnsemble(human: readonly Sample[], machine: readonly Sample[], random: Random): Ensemble {
  const samples = [...human, ...machine];
  const positive = samples.map((_, i) => i >= human.length);
  const alphabet = chooseAlphabet(samples.map(({ featured }) => featured.text));
  const foldOf = dealFolds(samples, positive, random);
  const consulted: Consultation[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const side = (is: boolean) =>
      samples.filter((_, i) => positive[i] === is && foldOf[i] !== fold).map(({ featured }) => featured);
    const members = fitMembers(side(false), side(true), alphabet, random);
    samples.forEach(({ featured }, i) => {
      if (foldOf[i] === fold) consulted[i] = consultMembers(members, featured);
    });
  }
  const said = consulted.map((each) => each.said);
  const stackScaling = fitScaling(said);
  const inputs = said.map((row) => denseVector(applyScaling(stackScaling, row)));
  const stack = fitLogistic(inputs, positive, MEMBER_NAMES.length, STACK_COST, random);
  const area = (score: (i: number) => number) => {
    const scores = samples.map((_, i) => score(i));
    return areaUnderRoc(scores.slice(0, human.length), scores.slice(human.length));
  };
  const auroc = Object.fromEntries([
    ...MEMBER_NAMES.map((name, j) => [name, area((i) => said[i]![j]!)]),
    ['stack', area((i) => applyLinear(stack, inputs[i]!))],
  ]) as CorpusDescription['crossFittedAuroc'];
  const featuresOf = (side: readonly Sample[]) => side.map(({ featured }) => featured);
  return {
    members: fitMembers(featuresOf(human), featuresOf(machine), alphabet, random),
    stackScaling,
    stack,
    machineFamiliarities: Float64Array.from(
      consulted.slice(human.length).map(({ machineFamiliarity }) => machineFamiliarity),
    ).sort(),
    auroc,
  };
}

/** Folds by group; each fold gets its share of human and of machine texts as long as groups are small. */
function dealFolds(samples: readonly Sample[], positive: readonly boolean[], random: Random): number[] {
  const groups = new Map<string, number>();
  for (const is of [false, true]) {
    const own = [...new Set(samples.filter((_, i) => positive[i] === is).map(({ group }) => group))].filter(
      (group) => !groups.has(group),
    );
    shuffle(own, random);
    own.forEach((group, i) => {
      groups.set(group, i % FOLDS);
    });
  }
  const folds = samples.map(({ group }) => groups.get(group)!);
  for (const is of [false, true])
    for (let fold = 0; fold < FOLDS; fold++)
      requireCorpus(
        folds.some((own, i) => positive[i] === is && own !== fold),
        'all texts of a side are in a few large groups',
        'Give texts of more groups.',
      );
  return folds;
}

/** Fisher and Yates, in place. */
export function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
}
