import {
  type OwnReplay,
  type OwnTelemetry,
  type Trace,
  type TraceHits,
  TraceIndex,
} from '@phalanx/coalition/trust';
import { fromHex, toHex } from '@phalanx/core';
import type { TimeWindow } from '@phalanx/domain';
import {
  type CoalitionSketcher,
  createCoalitionSketcher,
  createSketcher,
  describeNetwork,
  findTemplateText,
  HashDomain,
  type Sketcher,
} from '@phalanx/sketch';
import type { TelemetryStore, TextVault } from '@phalanx/store';
import { unpackFinding } from './kept-finding.js';

/** What a lab's own telemetry is searched with. */
export interface OwnTelemetrySources {
  readonly store: TelemetryStore;
  /** Null where no text is kept. */
  readonly vault: TextVault | null;
  /** Of the lab's own sketches. */
  readonly sketchKey: Uint8Array;
  /** Of the coalition's fingerprints; null: none are looked for. */
  readonly coalitionKey: Uint8Array | null;
  /** Accounts that the lab's own people vouch for. Accounts with a declaration are good besides. */
  readonly goodAccounts: ReadonlySet<string>;
}

const MAX_FINDINGS = 10_000;
/** A block of addresses is looked up as the /24 or /48 networks in it. */
const MAX_NETWORKS = 256;

/**
 * A lab's own telemetry, as far as it can be searched for what others name.
 *
 * - Prompt fingerprints: kept texts are sketched again under the coalition's key, since the lab's sketches are under its own. Only
 *   accounts of which text is kept are counted then, for every trace: those whose text is gone would look as if they had been searched.
 * - Blocks of addresses: by networks of /24 and /48, which is what is kept. Narrower blocks cannot be looked for.
 * - Matching tokens, and fingerprints of TLS and HTTP: not kept, so never found, so never enforceable.
 *
 * Suspected is who stands in a finding that is kept, of any kind, also one that was not sufficient.
 */
export function openOwnTelemetry(sources: OwnTelemetrySources): OwnTelemetry {
  return {
    async replay(traces, fromMs, toMs) {
      const window = { fromMs, toMs };
      const sketcher = createSketcher(sources.sketchKey);
      const texts = await searchTexts(sources, traces, window);
      const active = (await sources.store.accountActivity(window)).account;
      const searched = texts === null ? active : active.filter((account) => texts.accounts.has(account));
      const standing = await readStanding(sources, sketcher, searched);
      const networks = await searchNetworks(sources, sketcher, traces, window);
      const hits = traces.map((trace, i): TraceHits | null => {
        const found =
          trace.kind === 'prompt-fingerprint'
            ? texts?.hits.get(i)
            : trace.kind === 'address-range'
              ? networks.get(i)
              : undefined;
        return found === undefined ? null : countHits(found, standing);
      });
      return { ...standing.population, hits };
    },
  };
}

interface Standing {
  readonly population: Omit<OwnReplay, 'hits'>;
  readonly searched: ReadonlySet<bigint>;
  readonly good: ReadonlySet<bigint>;
  readonly findingsOf: ReadonlyMap<bigint, readonly string[]>;
}

async function readStanding(
  { store, goodAccounts }: OwnTelemetrySources,
  sketcher: Sketcher,
  accounts: BigUint64Array,
): Promise<Standing> {
  const searched = new Set(accounts);
  const hashOf = (accountId: string) => sketcher.hash64(HashDomain.ACCOUNT, accountId);
  const findingsOf = new Map<bigint, string[]>();
  for (const { finding } of (await store.listFindings(MAX_FINDINGS)).map(unpackFinding))
    for (const { accountId } of finding.members) {
      const account = hashOf(accountId);
      if (searched.has(account)) findingsOf.set(account, [...(findingsOf.get(account) ?? []), finding.id]);
    }
  const facts = await store.accountFacts();
  const vouched = [
    ...[...goodAccounts].map(hashOf),
    ...[...facts.account].filter((_, row) => facts.declaration[row] !== ''),
  ];
  const good = new Set(vouched.filter((account) => searched.has(account) && !findingsOf.has(account)));
  return {
    population: { accounts: searched.size, good: good.size, suspected: findingsOf.size },
    searched,
    good,
    findingsOf,
  };
}

function countHits(found: ReadonlySet<bigint>, { searched, good, findingsOf }: Standing): TraceHits {
  const accounts = [...found].filter((account) => searched.has(account));
  const findings = new Set(accounts.flatMap((account) => findingsOf.get(account) ?? []));
  return {
    accounts: accounts.length,
    good: accounts.filter((account) => good.has(account)).length,
    suspected: accounts.filter((account) => findingsOf.has(account)).length,
    findings: [...findings].sort(),
  };
}

/** Accounts of which text was searched, and by index of the trace who asked what is alike; null when nothing can be searched. */
async function searchTexts(
  { vault, coalitionKey }: OwnTelemetrySources,
  traces: readonly Trace[],
  { fromMs, toMs }: TimeWindow,
): Promise<{
  readonly accounts: ReadonlySet<bigint>;
  readonly hits: ReadonlyMap<number, ReadonlySet<bigint>>;
} | null> {
  if (vault === null || coalitionKey === null) return null;
  const sketcher = createCoalitionSketcher(coalitionKey);
  const wanted = traces.flatMap((trace, i) =>
    trace.kind === 'prompt-fingerprint' && trace.paramsDigest === sketcher.paramsDigest ? [{ trace, i }] : [],
  );
  if (wanted.length === 0) return null;
  const byLanes = new Map<string, Set<bigint>>();
  const hits = new Map<number, Set<bigint>>();
  for (const { trace, i } of wanted) {
    const lanes = toHex(trace.lanes);
    const found = byLanes.get(lanes) ?? new Set<bigint>();
    byLanes.set(lanes, found);
    hits.set(i, found);
  }
  const index = new TraceIndex(wanted.map(({ trace }) => trace));
  const accounts = new Set<bigint>();
  for await (const { account, texts } of vault.scanTexts(fromMs, toMs, 'replay of indicators of others')) {
    accounts.add(account);
    for (const { prompt } of texts)
      for (const lanes of findLanes(prompt, sketcher, index)) byLanes.get(lanes)!.add(account);
  }
  return accounts.size === 0 ? null : { accounts, hits };
}

function findLanes(prompt: string, sketcher: CoalitionSketcher, index: TraceIndex): readonly string[] {
  const lanes = prompt === '' ? null : sketcher.sketchTemplate(findTemplateText(JSON.parse(prompt)));
  if (lanes === null) return [];
  const { paramsDigest } = sketcher;
  return index
    .findAlike({ kind: 'prompt-fingerprint', paramsDigest, lanes })
    .map((key) => key.slice(key.lastIndexOf(':') + 1));
}

/** By index of the trace, accounts with exchanges from its networks. */
async function searchNetworks(
  { store }: OwnTelemetrySources,
  sketcher: Sketcher,
  traces: readonly Trace[],
  window: TimeWindow,
): Promise<ReadonlyMap<number, ReadonlySet<bigint>>> {
  const owners = new Map<bigint, number[]>();
  const hits = new Map<number, Set<bigint>>();
  for (const [i, trace] of traces.entries()) {
    const networks = trace.kind === 'address-range' ? listNetworks(trace.range) : null;
    if (networks === null) continue;
    hits.set(i, new Set());
    for (const network of networks) {
      const hash = sketcher.hash64(HashDomain.NETWORK, network);
      owners.set(hash, [...(owners.get(hash) ?? []), i]);
    }
  }
  const found = await store.objectHits(window, 'network', BigUint64Array.from(owners.keys()));
  for (const [row, account] of found.account.entries())
    for (const i of owners.get(found.key[row]!) ?? []) hits.get(i)!.add(account);
  return hits;
}

/** The networks in a block as `describeNetwork` names them; null for a block that is narrower than one, or holds too many. */
function listNetworks({
  bits,
  prefix,
  base,
}: Extract<Trace, { kind: 'address-range' }>['range']): readonly string[] | null {
  const step = bits === 32 ? 24 : 48;
  const count = 2 ** (step - prefix);
  if (prefix > step || count > MAX_NETWORKS) return null;
  return Array.from({ length: count }, (_, i) => {
    const at = base + (BigInt(i) << BigInt(bits - step));
    const bytes = fromHex(at.toString(16).padStart(bits / 4, '0'));
    const words = Array.from({ length: 8 }, (__, word) =>
      ((bytes[2 * word]! << 8) | bytes[2 * word + 1]!).toString(16),
    );
    return describeNetwork(bits === 32 ? bytes.join('.') : words.join(':'));
  });
}
