import type { DeclaredFleet, HeldValue, WatchedPool } from '@phalanx/coalition/joint';
import { bandValues, canonicalValue, type ValueClass } from '@phalanx/coalition/matching';
import { DAY_MS, toHex } from '@phalanx/core';
import { drawFindings, isDemandDoubted, type Replay, replay, withDefaults } from '@phalanx/detect';
import type { Finding } from '@phalanx/domain';
import { type CoalitionSketcher, createSketcher } from '@phalanx/sketch';
import type { ArrayTelemetry } from '../array-telemetry.js';
import { formatAddress } from '../network-pool.js';
import { hashString, mixPair } from '../random.js';
import { WorldRecords } from '../world-records.js';
import { accountsSeen, type DealtWorld, readDealt } from './dealt-world.js';

/** Rows of accounts in no pool whose templates are sketched, to see what is common at home. */
const OUTSIDE_ROWS = 2_000;
const SAMPLE_ROWS = 20_000;
const NOTHING = new Uint8Array(0);

/** What a lab's own detection says at the end, and what it can say about its pools on each day. */
export interface LabReplay {
  readonly findings: readonly Finding[];
  readonly pools: readonly WatchedPool[];
  readonly fleets: readonly DeclaredFleet[];
  readonly population: number;
}

/** A lab of a simulated coalition: its telemetry under its own key, its detection, and what its accounts have in common. */
export class SimulatedLab {
  readonly telemetry: ArrayTelemetry;
  readonly #parts: readonly DealtWorld[];
  readonly #window: { readonly fromMs: number; readonly toMs: number };
  readonly #templates = new Map<string, Uint8Array | null>();

  /** @param records of this lab alone: they hold its key */
  constructor(
    parts: readonly DealtWorld[],
    days: number,
    records: WorldRecords = new WorldRecords(createSketcher(crypto.getRandomValues(new Uint8Array(32)))),
  ) {
    this.#parts = parts;
    const fromMs = parts[0]!.world.startMs;
    this.#window = { fromMs, toMs: fromMs + days * DAY_MS };
    this.telemetry = readDealt(parts, records);
  }

  /** Runs detection over the whole window. @param minAccounts smallest pool, as in detection's options */
  async detect(minAccounts?: number): Promise<LabReplay> {
    const options = withDefaults({ window: this.#window, ...(minAccounts !== undefined && { minAccounts }) });
    const replayed = await replay(this.telemetry, this.#window, options);
    const doubted = await this.#findDoubted(replayed);
    const { findings } = await drawFindings(this.telemetry, replayed, options);
    return {
      findings,
      pools: replayed.pools.map((pool) => ({
        number: pool.number,
        proposedAtMs: pool.proposedAtMs,
        accounts: Array.from(pool.proposal.members, (account) => replayed.population.accountId[account]!),
        setAside: pool.setAside,
        isDemandDoubted: doubted.has(pool.number),
        trace: pool.trace,
      })),
      fleets: this.#findFleets(),
      population: replayed.population.size,
    };
  }

  /**
   * What accounts have in common by `untilMs`: /24 of requests and sign-up, cards, devices, and bands of prompts under the coalition's key, for
   * all prompts of `watched` accounts and for a sample of the others'.
   */
  findHeldValues(untilMs: number, watched: ReadonlySet<string>, sketcher: CoalitionSketcher): HeldValue[] {
    const held = new Map<string, HeldValue & { accounts: Set<string> }>();
    const add = (
      valueClass: ValueClass,
      value: Uint8Array,
      account: string,
      detail: Uint8Array = NOTHING,
    ) => {
      const name = `${valueClass} ${toHex(value)}`;
      const known = held.get(name);
      if (known) known.accounts.add(account);
      else held.set(name, { valueClass, value, detail, accounts: new Set([account]) });
    };
    const rows = this.#parts.reduce((sum, { world }) => sum + world.size, 0);
    for (const [number, part] of this.#parts.entries()) {
      const { world, sees } = part;
      const c = world.columns;
      const active = new Set<number>();
      const networks = new Set<number>();
      for (let row = 0; row < world.size && world.startMs + c.offsetMs[row]! < untilMs; row++) {
        if (!sees(row)) continue;
        const account = c.account[row]!;
        const { accountId } = world.accounts[account]!;
        active.add(account);
        networks.add(account * 2 ** 24 + (c.address[row]! >>> 8));
        if (watched.has(accountId) || mixPair(hashString(world.seed, row), number) % rows < OUTSIDE_ROWS)
          for (const { value, sketch } of this.#bandsOf(part, number, row, sketcher))
            add('template-band', value, accountId, sketch);
      }
      for (const pair of networks)
        add(
          'ip',
          canonicalValue('ip', formatAddress((pair % 2 ** 24) * 256)),
          world.accounts[Math.floor(pair / 2 ** 24)]!.accountId,
        );
      for (const account of active) {
        const { accountId, signupIp, paymentFingerprint, signupDevice } = world.accounts[account]!;
        if (signupIp !== undefined) add('ip', canonicalValue('ip', signupIp.replace(/\d+$/, '0')), accountId);
        for (const token of [paymentFingerprint, signupDevice])
          if (token !== undefined) add('device', canonicalValue('device', token), accountId);
      }
    }
    // A band that the sample shows outside at all is reckoned to be held by as many more as were not looked at.
    const scale = Math.max(1, rows / OUTSIDE_ROWS);
    return [...held.values()].filter(({ valueClass, accounts }) => {
      if (valueClass !== 'template-band') return true;
      const inside = [...accounts].filter((account) => watched.has(account)).length;
      return scale * (accounts.size - inside) < inside;
    });
  }

  #bandsOf({ world }: DealtWorld, number: number, row: number, sketcher: CoalitionSketcher) {
    const name = `${number} ${row}`;
    let sketch = this.#templates.get(name);
    if (sketch === undefined)
      this.#templates.set(name, (sketch = sketcher.sketchTemplate(world.promptText(row))));
    return sketch === null ? [] : bandValues(sketch).map((value) => ({ value, sketch: sketch! }));
  }

  async #findDoubted({ pools }: Replay): Promise<Set<number>> {
    const doubted = new Set<number>();
    for (const pool of pools) {
      if (!((pool.trace.at(-1)?.logBoth ?? 0) > 0)) continue;
      const total = pool.trace.reduce((sum, { exchanges }) => sum + exchanges, 0);
      const share = Math.min(1, SAMPLE_ROWS / Math.max(1, total));
      const sample = await this.telemetry.sampleExchanges({
        ...this.#window,
        draws: [{ accounts: pool.memberHashes, share }],
        minhash: true,
      });
      if (isDemandDoubted(pool, sample)) doubted.add(pool.number);
    }
    return doubted;
  }

  #findFleets(): DeclaredFleet[] {
    const fleets = new Map<string, string[]>();
    for (const part of this.#parts)
      for (const account of accountsSeen(part)) {
        const { accountId, declaration, organisationId } = part.world.accounts[account]!;
        if (!declaration || organisationId === undefined) continue;
        const fleet = fleets.get(organisationId);
        if (fleet) fleet.push(accountId);
        else fleets.set(organisationId, [accountId]);
      }
    return [...fleets].map(([name, accounts]) => ({ name, accounts }));
  }
}
