import { clopperPearson, type Interval, logBinomialUpperTail, toLog10 } from '@phalanx/stats';
import { MAX_AUDIT_GROUPS } from './limits.js';
import { TRIAGE_NOTICE } from './notice.js';
import { type Abstention, scoreTriage } from './score.js';
import { requireCorpus } from './triage-error.js';
import type { TriageModel } from './triage-model.js';

/** A text known to be human, or machine, and the group whose rates are asked for. */
export interface AuditText {
  readonly text: string;
  /** As a language, or native and not. */
  readonly group: string;
  readonly stratum?: string;
}

/** How often texts of one group have p at or below a level. */
export interface AuditRate {
  readonly level: number;
  readonly flagged: number;
  /** Share of the scored texts. */
  readonly rate: number;
  /** Clopper-Pearson, coverage at least 95 %, for texts drawn independently. */
  readonly interval: Interval;
  /**
   * log10 P(at least so many | the rate is the level), binomial. It treats the calibration as fixed and exact: with few
   * calibration texts a rate may be off for all groups at once.
   */
  readonly log10P: number;
}

export interface AuditGroup {
  readonly group: string;
  readonly texts: number;
  /** Texts that a rate is a share of: ranked, or set aside as unlike the corpus. */
  readonly scored: number;
  /** Texts that the model was made of: not scored, since they say nothing. */
  readonly known: number;
  readonly abstained: Readonly<Partial<Record<Abstention, number>>>;
  readonly rates: readonly AuditRate[];
}

/** Triage, never evidence; and this is how far triage can be trusted, group by group. */
export interface AuditReport {
  readonly notice: string;
  readonly levels: readonly number[];
  /** Smallest p-value that the largest category of the model can give: no text is flagged at a level below it. 1 without categories. */
  readonly lowestP: number;
  /** All texts first, then each group, then each category of length and script, which start with "category ". */
  readonly groups: readonly AuditGroup[];
  /** Groups and levels compared: what a single log10P must be read beside. */
  readonly tried: number;
  /** Groups of human texts flagged more often than a level allows, after Holm's correction at 0.01 over all that were tried. */
  readonly excessive: readonly string[];
}

const LEVELS = [0.05, 0.01];
const ALPHA = 0.05;
const EXCESS_ALPHA = 0.01;

/**
 * False positive rates by group, of texts known to be human that the model has not seen; with machine texts instead the same
 * figures are its power, and `excessive` means nothing. Triage, never evidence.
 *
 * @throws PhalanxError `TRIAGE_CORPUS` for more than 1,000 groups.
 */
export function auditTriage(model: TriageModel, texts: readonly AuditText[]): AuditReport {
  const tallies = new Map<string, Tally>([['all', newTally()]]);
  const tallyOf = (name: string) => {
    const found = tallies.get(name) ?? newTally();
    tallies.set(name, found);
    requireCorpus(
      tallies.size <= MAX_AUDIT_GROUPS,
      `more than ${MAX_AUDIT_GROUPS} groups`,
      'Name a field with few values.',
    );
    return found;
  };
  for (const { text, group, stratum } of texts) {
    const result = scoreTriage(model, text, stratum);
    const own = [tallies.get('all')!, tallyOf(`group ${group}`)];
    if (result.category !== null) own.push(tallyOf(`category ${result.category}`));
    for (const tally of own) {
      tally.texts++;
      if (result.known) tally.known++;
      else if (result.outcome === 'ranked') tally.logPs.push(result.logP);
      else {
        tally.abstained[result.reason] = (tally.abstained[result.reason] ?? 0) + 1;
        if (result.reason === 'unlike-corpus') tally.logPs.push(0);
      }
    }
  }
  const groups = [...tallies]
    .sort(([a], [b]) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1))
    .map(([group, tally]) => describeGroup(group, tally));
  const compared = groups.flatMap(({ group, scored, rates }) =>
    scored === 0 ? [] : rates.map(({ log10P }) => ({ group, log10P })),
  );
  return {
    notice: TRIAGE_NOTICE,
    levels: LEVELS,
    lowestP: 1 / (1 + Math.max(0, ...model.categories.map(({ scores }) => scores.length))),
    groups,
    tried: compared.length,
    excessive: [...new Set(rejectByHolm(compared).map(({ group }) => group))],
  };
}

interface Tally {
  texts: number;
  known: number;
  readonly abstained: Partial<Record<Abstention, number>>;
  readonly logPs: number[];
}

function newTally(): Tally {
  return { texts: 0, known: 0, abstained: {}, logPs: [] };
}

function placeOf(name: string): number {
  return name === 'all' ? 0 : name.startsWith('group ') ? 1 : 2;
}

function describeGroup(group: string, { texts, known, abstained, logPs }: Tally): AuditGroup {
  const scored = logPs.length;
  const rates = LEVELS.map((level) => {
    // A p-value is a quotient of counts: a last bit must not decide whether 5 / 100 is at most 0.05.
    const flagged = logPs.filter((logP) => logP <= Math.log(level) + 1e-12).length;
    return {
      level,
      flagged,
      rate: scored === 0 ? 0 : flagged / scored,
      interval: scored === 0 ? { lower: 0, upper: 1 } : clopperPearson(flagged, scored, ALPHA),
      log10P: toLog10(logBinomialUpperTail(flagged, scored, level)),
    };
  });
  return { group, texts, scored, known, abstained, rates };
}

function rejectByHolm<T extends { readonly log10P: number }>(claims: readonly T[]): T[] {
  const sorted = [...claims].sort((a, b) => a.log10P - b.log10P);
  const first = sorted.findIndex(({ log10P }, i) => log10P > Math.log10(EXCESS_ALPHA / (sorted.length - i)));
  return first === -1 ? sorted : sorted.slice(0, first);
}
