import { EXACT } from './lane-index.js';
import type { Receipt, Recipients } from './recipients.js';

/** Pairs of candidates and responses: columns of equal length, `hash` a number into the recipients. */
export interface PairColumns {
  readonly entry: Uint32Array;
  readonly hash: Uint32Array;
  readonly equal: Uint8Array;
}

/** A row and a response that matches it, by the candidate that agrees in most lanes. */
export interface RowMatch {
  readonly row: number;
  /** Number of the response. */
  readonly hash: number;
  /** Equal lanes of 32; 33 when the texts are equal but for case, punctuation and spacing. */
  readonly equal: number;
  readonly form: number;
}

/**
 * Rows and responses that belong together: each row matches a response of the item, each response a row of it. One text that
 * was given twice, or that stands in a data set twice, is one item; an item is what is counted.
 */
export interface Item {
  readonly rows: readonly number[];
  readonly matches: readonly RowMatch[];
  /** Exchanges that gave these responses, each once, by ascending id. */
  readonly receipts: readonly Receipt[];
  readonly accounts: readonly bigint[];
  /**
   * - `exclusive`: one account alone received such a response.
   * - `shared`: several did; the item says nothing about one of them.
   * - `common`: more were given than are looked at; it says nothing about anybody.
   */
  readonly kind: 'exclusive' | 'shared' | 'common';
}

/** Which rows and candidates belong together: columns of equal length, ascending by row. */
interface Occurrences {
  readonly row: Uint32Array;
  readonly entry: Uint32Array;
  readonly form: Uint8Array;
}

/** Lanes that a match may fall behind a row's best one and still be its origin: two standard deviations of the difference. */
const SLACK = 8;

/** How far the matches of a candidate are known. */
export interface Completeness {
  /** Some matches by lanes were not gathered; equal texts were. */
  readonly isSaturated: (entry: number) => boolean;
  /** Some matches of any kind were not kept. */
  readonly isCut: (entry: number) => boolean;
}

/**
 * Groups matches into items (connected components of rows and responses). A row's origin is the equal response where there is
 * one, else any response that agrees in nearly as many lanes as the best: what merely resembles it is another text. Merging is
 * cautious: it can only make fewer items, and with more accounts each.
 *
 * @param pairs ascending by entry
 */
export function groupItems(
  occurrences: Occurrences,
  pairs: PairColumns,
  recipients: readonly Recipients[],
  completeness: Completeness,
): Item[] {
  const { matches, openRows } = joinRows(occurrences, pairs, completeness);
  const groups = new UnionFind();
  for (const { row, hash } of matches) groups.join(2 * row, 2 * hash + 1);
  const members = new Map<number, RowMatch[]>();
  for (const match of matches) {
    const root = groups.find(2 * match.row);
    const group = members.get(root);
    if (group === undefined) members.set(root, [match]);
    else group.push(match);
  }
  return [...members.values()].map((group) => describeItem(group, recipients, openRows));
}

function describeItem(
  matches: readonly RowMatch[],
  recipients: readonly Recipients[],
  openRows: ReadonlySet<number>,
): Item {
  const rows = [...new Set(matches.map(({ row }) => row))];
  const hashes = new Set(matches.map(({ hash }) => hash));
  const byId = new Map<string, Receipt>();
  let isCommon = rows.some((row) => openRows.has(row));
  for (const hash of hashes) {
    isCommon ||= recipients[hash]!.isCommon;
    for (const receipt of recipients[hash]!.receipts) byId.set(receipt.id, receipt);
  }
  const receipts = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const accounts = [...new Set(receipts.map(({ account }) => account))];
  const kind = isCommon ? 'common' : accounts.length === 1 ? 'exclusive' : 'shared';
  return { rows, matches, receipts, accounts, kind };
}

/** Each row with its possible origins, and the rows of which not all origins are known. */
function joinRows(
  { row, entry, form }: Occurrences,
  pairs: PairColumns,
  { isSaturated, isCut }: Completeness,
) {
  const first = new Map<number, number>();
  for (let at = pairs.entry.length - 1; at >= 0; at--) first.set(pairs.entry[at]!, at);
  const matches: RowMatch[] = [];
  const openRows = new Set<number>();
  const best = new Map<number, RowMatch>();
  let saturated = false;
  for (let at = 0; at < row.length; at++) {
    const number = row[at]!;
    for (let pair = first.get(entry[at]!) ?? -1; pair >= 0 && pairs.entry[pair] === entry[at]; pair++) {
      const hash = pairs.hash[pair]!;
      const equal = pairs.equal[pair]!;
      if (equal > (best.get(hash)?.equal ?? -1))
        best.set(hash, { row: number, hash, equal, form: form[at]! });
    }
    saturated ||= isSaturated(entry[at]!);
    if (isCut(entry[at]!)) openRows.add(number);
    if (row[at + 1] === number) continue;
    const top = Math.max(...[...best.values()].map(({ equal }) => equal));
    if (saturated && top !== EXACT) openRows.add(number);
    for (const match of best.values())
      if (match.equal === top || (top !== EXACT && match.equal >= top - SLACK)) matches.push(match);
    best.clear();
    saturated = false;
  }
  return { matches, openRows };
}

/** Whether a match is of equal texts. */
export function isExact({ equal }: Pick<RowMatch, 'equal'>): boolean {
  return equal === EXACT;
}

class UnionFind {
  readonly #parent = new Map<number, number>();

  find(node: number): number {
    let root = node;
    for (let up = this.#parent.get(root); up !== undefined; up = this.#parent.get(root)) root = up;
    // Paths are shortened, so that long chains stay cheap.
    while (node !== root) {
      const up = this.#parent.get(node)!;
      this.#parent.set(node, root);
      node = up;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)];
    if (x !== y) this.#parent.set(x, y);
  }
}
