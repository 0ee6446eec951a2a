import { canonicalJson, fromBase64, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { type Checkpoint, verifyInclusion } from '@phalanx/ledger';
import { z } from 'zod';
import type { EvidenceErrorCode } from './evidence-error.js';
import { readJsonLines } from './json-lines.js';

const MAX_LINE_BYTES = 8192;
const Line = z.strictObject({ index: z.number().int().min(0), inclusion: z.array(z.string()).max(63) });

/** One line of `entries.jsonl`: an inclusion proof (RFC 6962 section 2.1.1) under the checkpoint of the bundle. */
export function formatProofLine(index: number, inclusion: readonly Uint8Array[]): Uint8Array {
  return utf8(`${canonicalJson({ index, inclusion: inclusion.map(toBase64) })}\n`);
}

/**
 * Verifies all proofs of a bundle against one checkpoint.
 *
 * @param leafHashOf hash of a listed entry; null when it is not listed
 * @returns the entries that were proved
 * @throws PhalanxError `EVIDENCE_RECORD` for a proof that does not lead to the checkpoint
 */
export async function verifyEntryProofs(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  checkpoint: Pick<Checkpoint, 'size' | 'root'>,
  leafHashOf: (index: number) => Uint8Array | null,
): Promise<Set<number>> {
  const proved = new Set<number>();
  for await (const line of readJsonLines(content, MAX_LINE_BYTES)) {
    const parsed = Line.safeParse(line);
    if (!parsed.success) throw proofError('a line is malformed');
    const { index } = parsed.data;
    const leafHash = leafHashOf(index);
    if (leafHash === null) throw proofError(`entry ${index} is not in the list of leaves`);
    let inclusion: Uint8Array[];
    try {
      inclusion = parsed.data.inclusion.map(fromBase64);
    } catch (cause) {
      throw proofError(`the proof of entry ${index} is malformed`, cause);
    }
    if (!verifyInclusion(leafHash, index, checkpoint.size, inclusion, checkpoint.root))
      throw proofError(`entry ${index} is not in the tree of the checkpoint`);
    proved.add(index);
  }
  return proved;
}

function proofError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', `a proof does not hold: ${what}`, { cause });
}
