import type { ResponseReader } from '@phalanx/domain';
import { HashNumbers } from './hash-numbers.js';

/** Exchanges of one response that are looked at; a response with more was given to too many. */
export const MOST_EXCHANGES = 64;
const BATCH = 50_000;

/** One exchange that gave a response. */
export interface Receipt {
  readonly account: bigint;
  readonly atMs: number;
  /** 32 hexadecimal digits. */
  readonly id: string;
}

/** Who received a response. */
export interface Recipients {
  readonly receipts: readonly Receipt[];
  /** Given more often than 64 times, so that `receipts` is not all. */
  readonly isCommon: boolean;
  /** Length of the response in bytes, the longest said. */
  readonly bytes: number;
}

/** Who received the responses with these hashes, by their place in `hashes`. */
export async function findRecipients(reader: ResponseReader, hashes: BigUint64Array): Promise<Recipients[]> {
  const numbers = new HashNumbers();
  for (const hash of hashes) numbers.add(hash);
  const receipts: Receipt[][] = Array.from(hashes, () => []);
  const bytes = new Uint32Array(hashes.length);
  for (let from = 0; from < hashes.length; from += BATCH) {
    const found = await reader.findResponses(hashes.slice(from, from + BATCH), MOST_EXCHANGES + 1);
    found.hash.forEach((hash, row) => {
      const number = numbers.find(hash);
      const id = Buffer.from(found.id.buffer, found.id.byteOffset + row * 16, 16).toString('hex');
      receipts[number]!.push({ account: found.account[row]!, atMs: found.atMs[row]!, id });
      bytes[number] = Math.max(bytes[number]!, found.bytes[row]!);
    });
  }
  return receipts.map((list, number) => ({
    receipts: list.slice(0, MOST_EXCHANGES),
    isCommon: list.length > MOST_EXCHANGES,
    bytes: bytes[number]!,
  }));
}
