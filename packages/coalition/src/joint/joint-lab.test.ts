import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeMessage } from '../matching/message.js';
import { rehearseKey } from '../matching/rehearsed-key.js';
import { blindForServers, evaluateShare, finalizeFromServers } from '../matching/threshold-oprf.js';
import { packReveal, RevealCollector, revealBatchSchema } from '../matching/threshold-reveal.js';
import { canonicalValue } from '../matching/value-class.js';
import { JointDocket } from './joint-docket.js';
import { JointLab, type RoundInput } from './joint-lab.js';
import { evidenceStatementSchema, linkStatementSchema, openStatement } from './joint-messages.js';
import type { HeldValue } from './link-values.js';
import type { WatchedPool } from './watched-pool.js';

const TERMS = { epoch: 2_951, threshold: 2, entries: 24, alpha: 0.01 };
const QUORUM = [1, 2];
const DAY_MS = 86_400_000;
const shares = rehearseKey(2, 3, TERMS.epoch);
const dayEndsMs = (day: number) => (day + 1) * DAY_MS;

function device(number: number, accounts: readonly string[]): HeldValue {
  const value = canonicalValue('device', `device-${'0'.repeat(12)}${number}`);
  return { valueClass: 'device', value, detail: new Uint8Array(0), accounts: new Set(accounts) };
}

function poolOf(number: number, accounts: readonly string[], log10E: readonly number[]): WatchedPool {
  return {
    number,
    proposedAtMs: dayEndsMs(0),
    accounts,
    setAside: null,
    isDemandDoubted: false,
    trace: log10E.map((e, i) => ({
      atMs: dayEndsMs(i + 1),
      logCoordination: e * Math.LN10,
      logDemand: 0,
    })),
  };
}

const accountsOf = (name: string) => Array.from({ length: 12 }, (_, i) => `${name}-${i}`);

/** A lab with one pool that holds devices 1 to 4, and `own` more of its own. */
function input(name: string, own: number, more: Partial<RoundInput> = {}): RoundInput {
  const accounts = accountsOf(name);
  const held = Array.from({ length: 4 + own }, (_, i) =>
    device(i < 4 ? i : 100 + own + i, accounts.slice(0, 6)),
  );
  return { day: 0, pools: [poolOf(31, accounts, [2, 3])], fleets: [], held, population: 400, ...more };
}

async function runRound(inputs: readonly RoundInput[]) {
  const keys = inputs.map(() => generateKeyPairSync('ed25519'));
  const labs = keys.map(({ privateKey }, i) => new JointLab(i + 1, TERMS, privateKey));
  const sizes: number[][] = [];
  const collector = new RevealCollector(TERMS);
  for (const [i, lab] of labs.entries()) {
    const own: number[] = [];
    sizes.push(own);
    const evaluate = async (values: readonly Uint8Array[]) => {
      own.push(values.length);
      const asked = blindForServers(shares[0]!.group, QUORUM, values);
      return finalizeFromServers(
        shares[0]!.group,
        asked,
        QUORUM.map((server) => evaluateShare(shares[server - 1]!, asked.request)),
      );
    };
    for (const batch of packReveal(TERMS, await lab.seal(inputs[i]!, evaluate))) {
      own.push(encodeMessage(revealBatchSchema, batch).length);
      collector.submit(i + 1, batch);
    }
  }
  const { revealed, hidden } = collector.reveal();
  const keyOf = (place: number) => keys[place - 1]?.publicKey;
  const statements = labs.map((lab, i) => {
    const tags = revealed.filter(({ places }) => places.includes(i + 1)).map(({ tag }) => tag);
    return openStatement(linkStatementSchema, lab.stateLinks(0, tags), keyOf);
  });
  return { labs, keyOf, sizes, revealed, hidden, statements };
}

describe('a lab in joint finding', () => {
  let round: Awaited<ReturnType<typeof runRound>>;
  beforeAll(async () => {
    round = await runRound([input('a', 3), input('b', 17), input('c', 0)]);
  });

  it('sends the same number of everything, whatever it holds', () => {
    expect(round.sizes[1]).toEqual(round.sizes[0]);
    expect(round.sizes[2]).toEqual(round.sizes[0]);
    expect(round.sizes[0]![0]).toBe(24);
  });

  it('learns which of its values others hold, and nobody anything of the rest', () => {
    expect(round.revealed).toHaveLength(4);
    // 3 labs, 24 entries each, 4 of them the same.
    expect(round.hidden).toEqual([0, 60]);
    for (const { tag, sightings } of round.revealed)
      for (const { place, sighting } of sightings) {
        expect(sighting).toMatchObject({ decade: 0, day: 0 });
        expect(round.labs[place - 1]!.tagOf(sighting)).toEqual(tag);
      }
    expect(round.labs[0]!.tagOf(device(99, []))).toBeNull();
  });

  it('joins the candidate, counts from there, and keeps its accounts to itself', () => {
    const docket = new JointDocket(TERMS);
    const [candidate] = docket.openRound(0, round.revealed, round.statements);
    expect(candidate).toMatchObject({ number: 1, common: { addresses: 0, tokens: 4, templates: 0 } });
    for (const [i, lab] of round.labs.entries()) {
      lab.join(candidate!);
      const pool = poolOf(31, accountsOf('abc'[i]!), [2, 3]);
      const later = poolOf(32, accountsOf('abc'[i]!), [9, 9]);
      const text = lab.stateEvidence(1, 2, [pool, later], dayEndsMs);
      expect(text).not.toContain('-0');
      const said = openStatement(evidenceStatementSchema, text, round.keyOf);
      expect(said).toMatchObject({ coordination: 30, both: 0 });
      docket.addEvidence(said);
      const { label } = candidate!.pools[i]!;
      expect(lab.accountsOf(label)).toEqual(new Set(accountsOf('abc'[i]!)));
      expect(lab.accountsOf(label === 1 ? 2 : 1)).toBeNull();
    }
    expect(docket.judge(2)).toMatchObject([{ kind: 'joint-pool', proved: 3 }]);
  });

  it('does not join twice, nor answer for another round or candidate', () => {
    const [lab] = round.labs;
    const candidate = {
      type: 'phalanx-joint-candidate-v1' as const,
      number: 7,
      day: 0,
      pools: [],
      common: { addresses: 0, tokens: 0, templates: 0 },
      declared: [],
    };
    lab!.join(candidate);
    const wrong = [
      () => lab!.join(candidate),
      () => lab!.join({ ...candidate, number: 8, day: 1 }),
      () => lab!.stateLinks(1, []),
      () => lab!.stateEvidence(99, 2, [], dayEndsMs),
    ];
    for (const call of wrong) expect(call).toThrow(expect.objectContaining({ code: 'COALITION_TRUST' }));
  });

  it('matches what is declared as well, and says so', async () => {
    const accounts = accountsOf('a');
    const fleet = { pools: [], fleets: [{ name: 'org', accounts }] };
    const { revealed, statements } = await runRound([input('a', 0, fleet), input('b', 0)]);
    expect(statements[0]!.declared).toHaveLength(1);
    expect(statements[1]!.declared).toEqual([]);
    expect(new JointDocket(TERMS).openRound(0, revealed, statements)).toMatchObject([
      { declared: [{ place: 1, label: statements[0]!.declared[0] }] },
    ]);
  });
});
