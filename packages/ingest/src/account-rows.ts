import type { Account } from '@phalanx/domain';
import { createSketcher, describeNetwork, HashDomain, type Sketcher } from '@phalanx/sketch';
import type { AccountRow, TelemetryStore } from '@phalanx/store';
import type { SeenAccount } from './chunk-result.js';

/** Facts about accounts as rows of the store. An account that only traffic names gets one too, so that its hash leads back to its id. */
export class AccountRows {
  readonly #sketcher: Sketcher;
  /** Accounts that have a row: a bare one must not go over one that says more. */
  readonly #known: Set<bigint>;

  private constructor(sketcher: Sketcher, known: Set<bigint>) {
    this.#sketcher = sketcher;
    this.#known = known;
  }

  static async open(
    store: Pick<TelemetryStore, 'accountFacts'>,
    sketchKey: Uint8Array,
  ): Promise<AccountRows> {
    const { account } = await store.accountFacts();
    return new AccountRows(createSketcher(sketchKey), new Set(account));
  }

  hash(accountId: string): bigint {
    return this.#sketcher.hash64(HashDomain.ACCOUNT, accountId);
  }

  describe(account: Account): AccountRow {
    const hash = (domain: string, text: string | undefined): bigint =>
      this.#sketcher.hash64(domain, text ?? '');
    const row: AccountRow = {
      account: this.hash(account.accountId),
      accountId: account.accountId,
      organisation: hash(HashDomain.ORGANISATION, account.organisationId),
      ...(account.createdAtMs === undefined ? {} : { createdAtMs: account.createdAtMs }),
      payment: hash(HashDomain.PAYMENT, account.paymentFingerprint),
      signupNetwork: hash(HashDomain.NETWORK, describeNetwork(account.signupIp)),
      signupDevice: hash(HashDomain.DEVICE, account.signupDevice),
      emailDomain: account.emailDomain ?? '',
      programme: account.programme ?? '',
      declaration: account.declaration ?? '',
    };
    this.#known.add(row.account);
    return row;
  }

  /** Rows of those that have none yet. */
  describeNew(seen: Iterable<SeenAccount>): AccountRow[] {
    const rows: AccountRow[] = [];
    for (const { accountId, organisationId } of seen)
      if (!this.#known.has(this.hash(accountId)))
        rows.push(this.describe({ accountId, ...(organisationId === undefined ? {} : { organisationId }) }));
    return rows;
  }
}
