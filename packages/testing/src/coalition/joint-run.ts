import { generateKeyPairSync } from 'node:crypto';
import {
  candidateSchema,
  evidenceStatementSchema,
  type JointCandidate,
  JointDocket,
  JointLab,
  type JointTerms,
  type JointVerdict,
  linkStatementSchema,
  MAX_JOINT_TEXT,
  openStatement,
  type WatchedPool,
} from '@phalanx/coalition/joint';
import {
  askForProof,
  blindForServers,
  decodeMessage,
  type EvaluationRequest,
  encodeMessage,
  epochOf,
  evaluateShare,
  evaluationRequestSchema,
  finalizeCombined,
  MAX_EVALUATION_TEXT,
  MAX_REVEAL_TEXT,
  packReveal,
  partialEvaluationSchema,
  RevealCollector,
  type RevealedGroup,
  rehearseKey,
  revealBatchSchema,
} from '@phalanx/coalition/matching';
import { DAY_MS, fromHex, toHex } from '@phalanx/core';
import type { CoalitionSketcher } from '@phalanx/sketch';
import type { LabReplay, SimulatedLab } from './simulated-lab.js';
import { Transcript } from './transcript.js';

/** A lab that takes part, with what its detection found. */
export interface Participant {
  readonly name: string;
  readonly lab: SimulatedLab;
  readonly replay: LabReplay;
}

export interface JointRun {
  readonly terms: JointTerms;
  readonly candidates: readonly JointCandidate[];
  /** Verdicts of each day, in order. */
  readonly days: readonly { readonly day: number; readonly verdicts: readonly JointVerdict[] }[];
  readonly transcript: Transcript;
  /** Values revealed over all rounds, by how many labs held them. */
  readonly revealed: number;
  /** The accounts behind a label of a lab; what the lab alone knows. */
  accountsOf(place: number, label: number): ReadonlySet<string>;
}

/** Terms that a rehearsal may choose. */
export interface JointOptions {
  /** Labs that must hold a value before it is revealed, default 2. */
  readonly threshold?: number;
  /** Values that each lab submits a round, default 128. */
  readonly entries?: number;
  /** Default 0.01. */
  readonly alpha?: number;
}

const QUORUM = [1, 3];

/**
 * Joint finding over the days of a window, every message encoded, noted and decoded again: at the end of each day but the last a round of
 * matching, and at the end of each day a word of evidence about every candidate.
 *
 * @param from the first day, days since 1970, and `days` of them
 */
export async function runJointFinding(
  participants: readonly Participant[],
  from: number,
  days: number,
  sketcher: CoalitionSketcher,
  options: JointOptions = {},
): Promise<JointRun> {
  const { threshold = 2, entries = 128, alpha = 0.01 } = options;
  const terms: JointTerms = { epoch: epochOf(from * DAY_MS), threshold, entries, alpha };
  const transcript = new Transcript();
  const shares = rehearseKey(2, 3, terms.epoch);
  const { group } = shares[0]!;
  const keys = participants.map(() => generateKeyPairSync('ed25519'));
  const labs = keys.map(({ privateKey }, i) => new JointLab(i + 1, terms, privateKey));
  const keyOf = (place: number) => keys[place - 1]?.publicKey;
  const docket = new JointDocket(terms);
  const judged: { day: number; verdicts: JointVerdict[] }[] = [];
  let revealed = 0;
  for (let day = from; day < from + days; day++) {
    const endMs = dayEndsMs(day);
    for (const candidate of docket.candidates)
      for (const place of placesOf(candidate)) {
        const lab = labs[place - 1]!;
        const { replay } = participants[place - 1]!;
        const text = lab.stateEvidence(candidate.number, day, replay.pools, dayEndsMs);
        const others = placesOf(candidate).filter((other) => other !== place);
        for (const to of ['hub', ...others.map((other) => nameOf(participants, other))])
          transcript.send({ day, from: nameOf(participants, place), to, kind: 'evidence', text });
        docket.addEvidence(openStatement(evidenceStatementSchema, text, keyOf));
      }
    judged.push({ day, verdicts: docket.judge(day) });
    if (day === from + days - 1) break;

    const collector = new RevealCollector(terms);
    for (const [i, lab] of labs.entries()) {
      const { replay, lab: simulated } = participants[i]!;
      const name = nameOf(participants, i + 1);
      const pools = replay.pools
        .filter((pool) => pool.proposedAtMs <= endMs)
        .map((pool) => ({ ...pool, trace: pool.trace.filter(({ atMs }) => atMs <= endMs) }));
      const watched = new Set(pools.filter(isOpen).flatMap(({ accounts }) => accounts));
      const held = simulated.findHeldValues(endMs, watched, sketcher);
      const ask = async (server: number, request: EvaluationRequest) => {
        const to = `server ${server}`;
        const asked = transcript.send({
          day,
          from: name,
          to,
          kind: 'evaluation-request',
          text: encodeMessage(evaluationRequestSchema, request),
        });
        const read = decodeMessage(evaluationRequestSchema, asked, MAX_EVALUATION_TEXT);
        const answer = evaluateShare(shares[server - 1]!, read);
        const text = encodeMessage(partialEvaluationSchema, answer);
        transcript.send({ day, from: to, to: name, kind: 'partial-evaluation', text });
        return decodeMessage(partialEvaluationSchema, text, MAX_EVALUATION_TEXT);
      };
      const evaluate = async (inputs: readonly Uint8Array[]) => {
        const asked = blindForServers(group, QUORUM, inputs, false);
        const askAll = (request: EvaluationRequest) =>
          Promise.all(QUORUM.map((server) => ask(server, request)));
        const check = askForProof(asked, await askAll(asked.request));
        return finalizeCombined(group, asked, check, await askAll(check.request));
      };
      const input = { day, pools, fleets: replay.fleets, held, population: replay.population };
      for (const batch of packReveal(terms, await lab.seal(input, evaluate))) {
        const text = encodeMessage(revealBatchSchema, batch);
        transcript.send({ day, from: name, to: 'hub', kind: 'reveal-batch', text });
        collector.submit(i + 1, decodeMessage(revealBatchSchema, text, MAX_REVEAL_TEXT));
      }
    }
    const result = collector.reveal();
    revealed += result.revealed.length;
    const statements = labs.map((lab, i) => {
      const tags = transcript.send({
        day,
        from: 'hub',
        to: nameOf(participants, i + 1),
        kind: 'revealed-tags',
        text: JSON.stringify(tagsOf(result.revealed, i + 1)),
      });
      const text = lab.stateLinks(day, (JSON.parse(tags) as string[]).map(fromHex));
      transcript.send({ day, from: nameOf(participants, i + 1), to: 'hub', kind: 'links', text });
      return openStatement(linkStatementSchema, text, keyOf);
    });
    for (const candidate of docket.openRound(day, result.revealed, statements))
      for (const place of placesOf(candidate)) {
        const text = encodeMessage(candidateSchema, candidate);
        transcript.send({ day, from: 'hub', to: nameOf(participants, place), kind: 'candidate', text });
        labs[place - 1]!.join(decodeMessage(candidateSchema, text, MAX_JOINT_TEXT));
      }
  }
  return {
    terms,
    candidates: docket.candidates,
    days: judged,
    transcript,
    revealed,
    accountsOf: (place, label) => labs[place - 1]!.accountsOf(label) ?? new Set(),
  };
}

function isOpen({ setAside }: WatchedPool): boolean {
  return setAside === null;
}

function dayEndsMs(day: number): number {
  return (day + 1) * DAY_MS;
}

function placesOf({ pools }: JointCandidate): number[] {
  return [...new Set(pools.map(({ place }) => place))];
}

function nameOf(participants: readonly Participant[], place: number): string {
  return `lab ${participants[place - 1]!.name}`;
}

function tagsOf(revealed: readonly RevealedGroup[], place: number): string[] {
  return revealed.filter(({ places }) => places.includes(place)).map(({ tag }) => toHex(tag));
}
