import { fromBase64, PhalanxError, toBase64, toHex, utf8 } from '@phalanx/core';
import { hashLeaf } from '@phalanx/ledger';
import { type ExchangeLeaf, parseExchangeLeaf } from '@phalanx/record';
import { z } from 'zod';
import type { EvidenceErrorCode } from './evidence-error.js';
import { readJsonLines } from './json-lines.js';

/** An entry of the log as a bundle lists it. */
export interface ListedLeaf {
  readonly index: number;
  readonly entry: Uint8Array;
}

/** What the listed leaves of one chain come to. */
export interface ChainSummary {
  /** 32 hexadecimal digits. */
  readonly chain: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The last leaf: its proof proves all that went before it. */
  readonly headIndex: number;
  readonly headHash: Uint8Array;
}

const Line = z.strictObject({ index: z.number().int().min(0), leaf: z.string().max(400) });
const MAX_LINE_BYTES = 512;

/** One line of `leaves.jsonl`. */
export function formatLeafLine({ index, entry }: ListedLeaf): Uint8Array {
  return utf8(`{"index":${index},"leaf":"${toBase64(entry)}"}\n`);
}

/** @throws PhalanxError `EVIDENCE_RECORD` for a malformed line, or one out of order */
export async function* readLeafLines(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<ListedLeaf & { readonly leaf: ExchangeLeaf }> {
  let last = -1;
  for await (const line of readJsonLines(content, MAX_LINE_BYTES)) {
    const parsed = Line.safeParse(line);
    if (!parsed.success) throw listError('a line is malformed');
    const { index } = parsed.data;
    if (index <= last) throw listError(`entry ${index} is out of order`);
    last = index;
    try {
      const entry = fromBase64(parsed.data.leaf);
      yield { index, entry, leaf: parseExchangeLeaf(entry) };
    } catch (cause) {
      throw listError(`entry ${index} is no exchange leaf`, cause);
    }
  }
}

/**
 * Follows chains through leaves in the order of the log.
 *
 * Each leaf holds the hash of the one before it in its chain. So a proof for the last leaf shows that all of them were committed to before it,
 * in this order, with none left out between the first and the last.
 */
export class ChainFollower {
  readonly #chains = new Map<string, { -readonly [K in keyof ChainSummary]: ChainSummary[K] }>();

  /** @throws PhalanxError `EVIDENCE_RECORD` for a gap, or a leaf that names another predecessor */
  add({ index, entry, leaf }: ListedLeaf & { readonly leaf: ExchangeLeaf }): void {
    const name = toHex(leaf.chain);
    const known = this.#chains.get(name);
    if (known !== undefined) {
      if (leaf.sequence !== known.lastSequence + 1)
        throw listError(
          `chain ${name} jumps from ${known.lastSequence} to ${leaf.sequence} at entry ${index}`,
        );
      if (!Buffer.from(leaf.previous).equals(known.headHash))
        throw listError(`entry ${index} does not continue its chain`);
    }
    this.#chains.set(name, {
      chain: name,
      firstSequence: known?.firstSequence ?? leaf.sequence,
      lastSequence: leaf.sequence,
      firstAtMs: Math.min(known?.firstAtMs ?? leaf.atMs, leaf.atMs),
      lastAtMs: Math.max(known?.lastAtMs ?? leaf.atMs, leaf.atMs),
      headIndex: index,
      headHash: hashLeaf(entry),
    });
  }

  /** By chain. */
  get summaries(): ReadonlyMap<string, ChainSummary> {
    return this.#chains;
  }
}

function listError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', `the list of leaves does not hold: ${what}`, { cause });
}
