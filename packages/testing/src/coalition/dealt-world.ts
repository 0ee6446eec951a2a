import type { AccountFacts, ExchangeRecord } from '@phalanx/domain';
import { ArrayTelemetry } from '../array-telemetry.js';
import type { World } from '../world.js';
import type { WorldRecords } from '../world-records.js';

/** What of a world a lab sees. A customer of several labs has the same account number at each, and other exchanges. */
export interface DealtWorld {
  readonly world: World;
  readonly sees: (row: number) => boolean;
}

/** Accounts of a world in turn: account i goes to lab i mod `labs`. */
export function dealAccounts(world: World, lab: number, labs: number): DealtWorld {
  return { world, sees: (row) => world.columns.account[row]! % labs === lab };
}

/** Exchanges of a world in turn: every account is a customer of every lab. */
export function dealExchanges(world: World, lab: number, labs: number): DealtWorld {
  return { world, sees: (row) => row % labs === lab };
}

/** All of a world. */
export function dealAll(world: World): DealtWorld {
  return { world, sees: () => true };
}

/** Accounts of a part that a lab sees anything of, ascending. */
export function accountsSeen({ world, sees }: DealtWorld): number[] {
  const seen = new Set<number>();
  for (let row = 0; row < world.size; row++) if (sees(row)) seen.add(world.columns.account[row]!);
  return [...seen].sort((a, b) => a - b);
}

/** Telemetry of a lab that sees these parts, under the lab's own key. */
export function readDealt(parts: readonly DealtWorld[], records: WorldRecords): ArrayTelemetry {
  return ArrayTelemetry.fromRecords(eachRecord(parts, records), joinFacts(parts, records));
}

function* eachRecord(parts: readonly DealtWorld[], records: WorldRecords): Generator<ExchangeRecord> {
  for (const [number, { world, sees }] of parts.entries()) {
    let row = 0;
    for (const record of records.records(world)) {
      if (!sees(row++)) continue;
      record.id[15] = number;
      yield record;
    }
  }
}

function joinFacts(parts: readonly DealtWorld[], records: WorldRecords): AccountFacts {
  const facts = parts.map((part) => ({ all: records.facts(part.world), rows: accountsSeen(part) }));
  const pick = <T>(of: (all: AccountFacts) => ArrayLike<T>): T[] =>
    facts.flatMap(({ all, rows }) => rows.map((row) => of(all)[row]!));
  return {
    account: BigUint64Array.from(pick((all) => all.account)),
    accountId: pick((all) => all.accountId),
    organisation: BigUint64Array.from(pick((all) => all.organisation)),
    createdAtMs: Float64Array.from(pick((all) => all.createdAtMs)),
    payment: BigUint64Array.from(pick((all) => all.payment)),
    signupNetwork: BigUint64Array.from(pick((all) => all.signupNetwork)),
    signupDevice: BigUint64Array.from(pick((all) => all.signupDevice)),
    emailDomain: pick((all) => all.emailDomain),
    programme: pick((all) => all.programme),
    declaration: pick((all) => all.declaration),
  };
}
