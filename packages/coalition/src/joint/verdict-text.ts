import type { JointVerdict } from './joint-docket.js';

/** A verdict in words that a lab can act on and an affected customer can answer. */
export interface VerdictText {
  readonly title: string;
  /** What the figures say, and what they do not. */
  readonly sentences: readonly string[];
  readonly innocent: readonly string[];
  readonly wouldRefute: readonly string[];
  /** What the e-values rest on. */
  readonly assumption: string;
}

const INNOCENT = [
  'one company that is a customer of these labs with one product, and has told none of them',
  'a reseller or load balancer that spreads honest customers over accounts at several labs',
  'users of one agent or template that is published, behind one carrier or proxy',
];
const REFUTE = [
  'a declaration at any of the labs: the group then stands aside everywhere',
  'verified account holders who are strangers, in a sample that each lab draws of its own pool',
  'a randomised delay at one lab after which no load moves to the others',
];
const ASSUMPTION =
  'Given the past, chance at one lab does not depend on chance at another. Void where one exchange reaches several labs, or one event moves the evidence of several.';

/**
 * Says a verdict. It is a lead: each lab looks at its own pool and decides alone; nothing here says whom to serve.
 *
 * @param nameOf what a lab is called, by its place
 */
export function describeVerdict(verdict: JointVerdict, nameOf: (place: number) => string): VerdictText {
  const { candidate, kind, proved, log10ECoordination, log10EBoth, neededLog10E } = verdict;
  const pools = joinWords(candidate.pools.map(({ place, label }) => `${nameOf(place)}:${label}`));
  const { addresses, tokens, templates } = candidate.common;
  const kinds = [
    [addresses, 'address range', 'address ranges'],
    [tokens, 'card or device', 'cards and devices'],
    [templates, 'prompt template', 'prompt templates'],
  ] as const;
  const common = kinds
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`);
  const shared = `They hold the same rare values: ${joinWords(common)}.`;
  const labs = verdict.evidence.length;
  const figure = kind === 'joint-campaign' ? log10EBoth : log10ECoordination;
  const evidence = `Against “fewer than two of these ${labs} labs have a coordinated pool here”: log10 e ${figure.toFixed(1)}, needed ${neededLog10E.toFixed(1)} for candidate ${candidate.number}.`;
  const rest = { innocent: INNOCENT, wouldRefute: REFUTE, assumption: ASSUMPTION };
  if (kind === 'joint-pool' || kind === 'joint-campaign') {
    const what = kind === 'joint-campaign' ? ', and their demand looks like training material' : '';
    return {
      title: `Pools ${pools} act as one hand${what}`,
      sentences: [
        shared,
        evidence,
        `Shown: the pools of at least ${proved} of ${labs} labs are coordinated. Not shown: which; and that the hand is one follows from the values, not from the e-value.`,
      ],
      ...rest,
    };
  }
  if (kind === 'stands-aside')
    return {
      title: `Pools ${pools} stand aside`,
      sentences: [
        shared,
        `${joinWords(candidate.declared.map(({ place }) => nameOf(place)))} holds their declaration that they act as one.`,
      ],
      ...rest,
    };
  if (kind === 'lead')
    return {
      title: `Of pools ${pools} one at least is coordinated`,
      sentences: [shared, evidence, 'Not shown: that more than one is. Named is none.'],
      ...rest,
    };
  return { title: `Pools ${pools}: not enough`, sentences: [shared, evidence], ...rest };
}

function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
