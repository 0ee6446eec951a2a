import { refuse } from '../coalition-error.js';
import type { RevealedGroup } from '../matching/threshold-reveal.js';
import { joinPools } from './joined-pools.js';
import { combineLabs, countProved, neededLog10E, type Tenths } from './joint-evidence.js';
import type { EvidenceStatement, JointCandidate, LinkStatement } from './joint-messages.js';
import { type JointTerms, poolKey } from './joint-terms.js';

/** Candidates that one docket opens. */
const MAX_CANDIDATES = 1_000;

/** How a candidate stands at the end of a day. */
export interface JointVerdict {
  readonly candidate: JointCandidate;
  readonly day: number;
  /** `stands-aside`: a pool of it is declared. `lead`: one of the pools is coordinated, at least. `joint-pool`: at least two are. */
  readonly kind: 'nothing' | 'lead' | 'joint-pool' | 'joint-campaign' | 'stands-aside';
  /** Labs of which at least this many have pools that are coordinated; for a campaign, with training-shaped demand. */
  readonly proved: number;
  /** log10 e-value of "fewer than two", for coordination and with demand. */
  readonly log10ECoordination: number;
  readonly log10EBoth: number;
  readonly neededLog10E: number;
  /** Tenths by lab, in ascending order of places; null where the lab says 0 or nothing. */
  readonly evidence: readonly {
    readonly place: number;
    readonly coordination: Tenths;
    readonly both: Tenths;
  }[];
}

/**
 * The hub's part: joins what was revealed, numbers the candidates, and judges them by what their labs say. Lives as long as the terms.
 * Any member that has the statements reaches the same verdicts with `judgeCandidate`.
 */
export class JointDocket {
  readonly terms: JointTerms;
  readonly #candidates: JointCandidate[] = [];
  readonly #known = new Set<string>();
  readonly #statements = new Map<string, EvidenceStatement>();
  #lastDay = -1;

  constructor(terms: JointTerms) {
    this.terms = terms;
  }

  get candidates(): readonly JointCandidate[] {
    return this.#candidates;
  }

  /**
   * Opens a candidate for each group of pools that was not a candidate before. Evidence counts from the end of `day`.
   *
   * @throws PhalanxError `COALITION_TRUST` when rounds go back in time, or a lab speaks twice or of another day
   */
  openRound(
    day: number,
    revealed: readonly RevealedGroup[],
    statements: readonly LinkStatement[],
  ): JointCandidate[] {
    if (day <= this.#lastDay)
      refuse('COALITION_TRUST', `round ${day} after round ${this.#lastDay}`, 'Rounds are held in order.');
    const places = new Set(statements.map(({ place }) => place));
    if (places.size < statements.length || statements.some((statement) => statement.day !== day))
      refuse(
        'COALITION_TRUST',
        'a lab spoke twice, or of another day',
        'Take one statement a lab and round.',
      );
    this.#lastDay = day;
    const opened: JointCandidate[] = [];
    for (const joined of joinPools(revealed, statements)) {
      const name = joined.pools.map(poolKey).join(' ');
      if (this.#known.has(name) || this.#candidates.length >= MAX_CANDIDATES) continue;
      this.#known.add(name);
      const number = this.#candidates.length + 1;
      const candidate: JointCandidate = { type: 'phalanx-joint-candidate-v1', number, day, ...joined };
      this.#candidates.push(candidate);
      opened.push(candidate);
    }
    return opened;
  }

  /** @throws PhalanxError `COALITION_TRUST` for a lab that is not in the candidate, a day before it, or a second word on the same day that differs */
  addEvidence(statement: EvidenceStatement): void {
    const candidate = this.#candidates[statement.candidate - 1];
    if (
      candidate === undefined ||
      statement.day < candidate.day ||
      !candidate.pools.some(({ place }) => place === statement.place)
    )
      refuse(
        'COALITION_TRUST',
        `lab ${statement.place} is not in candidate ${statement.candidate} on that day`,
        'Refuse it.',
      );
    const name = `${statement.candidate} ${statement.place} ${statement.day}`;
    const known = this.#statements.get(name);
    if (
      known !== undefined &&
      (known.coordination !== statement.coordination || known.both !== statement.both)
    )
      refuse('COALITION_TRUST', `lab ${statement.place} says two things of one day`, 'Keep the first.');
    this.#statements.set(name, statement);
  }

  /** Every candidate at the end of a day. */
  judge(day: number): JointVerdict[] {
    return this.#candidates
      .filter((candidate) => candidate.day <= day)
      .map((candidate) => {
        const places = [...new Set(candidate.pools.map(({ place }) => place))];
        const said = places.map((place) => this.#statements.get(`${candidate.number} ${place} ${day}`));
        return judgeCandidate(candidate, day, said, this.terms.alpha);
      });
  }
}

/**
 * What a candidate comes to on a day. A lab that says nothing counts as an e-value of 0: who could leave out evidence that is low would make
 * the rest too high.
 *
 * One level serves both questions. An honest lab's `both` is never above its `coordination`, so where fewer than two pools are coordinated, a wrong
 * campaign lies inside a wrong joint pool: both need the product over the labs that are null. Where two are, only "campaign" can be wrong.
 * One lab that says anything does not change it, since the n - 1 smallest of either kind are at most the others' coordination. Of a count `proved`
 * above two that does not hold: where coordination and campaign have different counts, each is too high with probability at most alpha.
 *
 * @param said a statement of each lab of the candidate for that day, or undefined
 */
export function judgeCandidate(
  candidate: JointCandidate,
  day: number,
  said: readonly (EvidenceStatement | undefined)[],
  alpha: number,
): JointVerdict {
  const places = [...new Set(candidate.pools.map(({ place }) => place))];
  const evidence = places.map((place) => {
    const own = said.find(
      (statement) =>
        statement?.place === place && statement.candidate === candidate.number && statement.day === day,
    );
    return { place, coordination: own?.coordination ?? null, both: own?.both ?? null };
  });
  const coordination = evidence.map((one) => one.coordination);
  const both = evidence.map((one) => one.both);
  const needed = neededLog10E(candidate.number, alpha);
  const [coordinated, campaigning] = [countProved(coordination, needed), countProved(both, needed)];
  const kind =
    candidate.declared.length > 0
      ? 'stands-aside'
      : campaigning >= 2
        ? 'joint-campaign'
        : coordinated >= 2
          ? 'joint-pool'
          : coordinated === 1
            ? 'lead'
            : 'nothing';
  return {
    candidate,
    day,
    kind,
    proved: kind === 'joint-campaign' ? campaigning : coordinated,
    log10ECoordination: combineLabs(coordination, 2),
    log10EBoth: combineLabs(both, 2),
    neededLog10E: needed,
    evidence,
  };
}
