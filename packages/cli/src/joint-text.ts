import {
  describeVerdict,
  type JointVerdict,
  LEAST_STRENGTH,
  type VerdictText,
  type WatchedPool,
} from '@phalanx/coalition/joint';
import { collectSecrets, findLeaks, type Rehearsal } from '@phalanx/testing';
import { formatCount, formatLog10, formatPlural } from './figures.js';
import { type Paint, wrapText } from './terminal.js';

/** A pool's accounts, its log10 e-value of coordination, and what a finding would have needed. */
export interface StrongestPool {
  readonly accounts: number;
  readonly log10E: number;
  readonly needed: number;
}

/** What is told of a rehearsal: nothing that needs its telemetry. */
export interface JointFigures {
  readonly labs: readonly {
    readonly name: string;
    readonly accounts: number;
    readonly exchanges: number;
    readonly pools: number;
    /** The pool with most evidence of coordination; null when none was examined. */
    readonly strongest: StrongestPool | null;
    /** Findings of the lab alone. */
    readonly alone: readonly { readonly kind: string; readonly accounts: number; readonly hydras: number }[];
  }[];
  /** Days since 1970: the first, and how many. */
  readonly from: number;
  readonly days: number;
  readonly entries: number;
  readonly revealed: number;
  /** Verdicts of the last day, with words; named ones first. */
  readonly verdicts: readonly (JointVerdict & { readonly text: VerdictText })[];
  /** All verdicts of each day. */
  readonly history: readonly { readonly day: number; readonly verdicts: readonly JointVerdict[] }[];
  /** The truth about the pools of each verdict, in the order of its pools. */
  readonly truth: readonly (readonly { readonly accounts: number; readonly hydras: number }[])[];
  readonly crossed: readonly {
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly messages: number;
    readonly bytes: number;
  }[];
  /** What was searched for and found in messages; empty when nothing was, null when nobody searched. */
  readonly leaks: readonly string[] | null;
}

const NAMED = new Set<JointVerdict['kind']>(['joint-pool', 'joint-campaign']);
const RANK: readonly JointVerdict['kind'][] = [
  'joint-campaign',
  'joint-pool',
  'lead',
  'stands-aside',
  'nothing',
];

/**
 * @param from first day, days since 1970
 * @param isSearched whether messages are searched for leaks, which takes as long as writing every prompt out
 */
export function readJointFigures(
  rehearsal: Rehearsal,
  from: number,
  days: number,
  isSearched: boolean,
): JointFigures {
  const { world, participants, run, hydra } = rehearsal;
  const nameOf = (place: number) => participants[place - 1]!.name;
  const countHydras = (accounts: Iterable<string>) =>
    [...accounts].filter((account) => hydra.has(account)).length;
  const last = [...(run.days.at(-1)?.verdicts ?? [])].sort(
    (a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind) || b.log10ECoordination - a.log10ECoordination,
  );
  return {
    labs: participants.map(({ name, replay }, i) => ({
      name,
      accounts: replay.population,
      exchanges: world.labs[i]!.reduce((sum, { world: part, sees }) => {
        let count = 0;
        for (let row = 0; row < part.size; row++) if (sees(row)) count++;
        return sum + count;
      }, 0),
      pools: replay.pools.length,
      strongest: findStrongest(replay.pools, run.terms.alpha),
      alone: replay.findings.map(({ kind, members }) => ({
        kind,
        accounts: members.length,
        hydras: countHydras(members.map(({ accountId }) => accountId)),
      })),
    })),
    from,
    days,
    entries: run.terms.entries,
    revealed: run.revealed,
    verdicts: last.map((verdict) => ({ ...verdict, text: describeVerdict(verdict, nameOf) })),
    history: run.days,
    truth: last.map(({ candidate }) =>
      candidate.pools.map(({ place, label }) => {
        const accounts = run.accountsOf(place, label);
        return { accounts: accounts.size, hydras: countHydras(accounts) };
      }),
    ),
    crossed: run.transcript.countByKind(),
    leaks: isSearched
      ? [...new Set(findLeaks(collectSecrets(world), run.transcript.messages).map(({ what }) => what))]
      : null,
  };
}

/** A lab alone asks of a pool what e-BH asks of one at half of alpha, and 0.1 nats an account. */
function findStrongest(pools: readonly WatchedPool[], alpha: number): StrongestPool | null {
  const tried = pools.filter(({ setAside }) => setAside === null);
  const [strongest] = tried
    .map(({ accounts, trace }) => ({
      accounts: accounts.length,
      log10E: (trace.at(-1)?.logCoordination ?? 0) / Math.LN10,
      needed: Math.max(
        Math.log10(tried.length / (alpha / 2)),
        (LEAST_STRENGTH * accounts.length) / Math.LN10,
      ),
    }))
    .sort((a, b) => b.log10E - a.log10E);
  return strongest ?? null;
}

/** Whether a verdict names somebody. */
export function isNamed({ kind }: JointVerdict): boolean {
  return NAMED.has(kind);
}

/** The story in words. */
export function writeJointText(
  story: JointFigures,
  control: JointFigures,
  { columns, paint }: { readonly columns: number; readonly paint: Paint },
): string {
  const wrap = (text: string, indent = '  ') => wrapText(text, columns, indent);
  let out = `\n${paint.bold('Alone')}\n`;
  for (const { name, accounts, exchanges, pools, alone, strongest } of story.labs) {
    const found =
      alone.length === 0
        ? strongest === null
          ? 'no finding'
          : `no finding; log10 e ${formatLog10(strongest.log10E)} for ${formatPlural(strongest.accounts, 'account')}, needed ${formatLog10(strongest.needed)}`
        : alone.map(({ kind, accounts: n }) => `${kind} of ${formatPlural(n, 'account')}`).join(', ');
    out += wrap(
      `lab ${name}  ${formatCount(accounts)} accounts, ${formatCount(exchanges)} exchanges, ${formatPlural(pools, 'pool')} examined: ${found}`,
    );
  }
  out += `\n${paint.bold('Together')}\n`;
  const told = story.verdicts.filter((verdict) => verdict.kind !== 'nothing');
  if (told.length === 0) out += wrap('Nobody is named.');
  for (const verdict of told.slice(0, 3)) out += writeVerdict(verdict, story, wrap, paint);
  out += `\n${paint.bold('What crossed between parties')}\n`;
  for (const { kind, from, to, messages, bytes } of story.crossed)
    out += `  ${`${from} to ${to}`.padEnd(15)}${kind.padEnd(20)}${formatCount(messages).padStart(5)} messages${formatCount(bytes).padStart(11)} bytes\n`;
  out += wrap(
    `Each lab sent ${story.entries} sealed values a round, padding included. The hub read ${formatPlural(story.revealed, 'value')} that two labs or more hold. Searched for account ids, organisations, domains, cards, devices, addresses, prompts, counts and times of day: ${story.leaks === null ? 'not searched' : story.leaks.length === 0 ? 'none found' : `FOUND ${story.leaks.join(', ')}`}.`,
  );
  out += `\n${paint.bold('Against the truth, since this was a simulation')}\n`;
  for (const [i, verdict] of story.verdicts.entries()) {
    if (!isNamed(verdict)) continue;
    const parts = verdict.candidate.pools.map(({ place, label }, p) => {
      const { accounts, hydras } = story.truth[i]![p]!;
      return `${story.labs[place - 1]!.name}:${label} ${hydras} of ${accounts}`;
    });
    out += wrap(`accounts of the hydra: ${parts.join(', ')}`);
  }
  const wrongly = control.verdicts.filter(isNamed).length;
  out += wrap(
    `The same labs without the hydra: ${formatPlural(control.verdicts.length, 'candidate')}, ${wrongly} named. A class, a declared aggregator, a benchmark and customers of all labs were there both times.`,
  );
  return out;
}

function writeVerdict(
  verdict: JointFigures['verdicts'][number],
  story: JointFigures,
  wrap: (text: string, indent?: string) => string,
  paint: Paint,
): string {
  const { text, evidence, candidate } = verdict;
  let out = wrap(`${text.title}.`).replace(/\S.*/, (line) => paint.bold(line));
  for (const sentence of text.sentences) out += wrap(sentence);
  const said = evidence
    .map(
      ({ place, coordination }) =>
        `${story.labs[place - 1]!.name} ${formatLog10((coordination ?? Number.NaN) / 10)}`,
    )
    .join(', ');
  out += wrap(
    `What each lab said since day ${candidate.day - story.from + 1}, log10 e rounded down: ${said}.`,
  );
  if (!isNamed(verdict)) return out;
  out += wrap(`Innocent, it would be ${text.innocent.join('; or ')}.`);
  out += wrap(`It would be refuted by ${text.wouldRefute.join('; or ')}.`);
  out += wrap(`Rests on: ${text.assumption}`);
  return out;
}
