import { HEAD_LANES, PROMPT_MINHASH_BYTES } from '@phalanx/domain';

/** Of 32 lanes; unrelated texts agree on so many with probability 1e-62, a text with every tenth word changed rarely. */
const LEAST_EQUAL = 28;
/** Four unequal lanes cannot touch all of five bands. */
const BANDS = [0, 7, 14, 20, 26, HEAD_LANES];
/** Earlier templates that a prompt is compared with at most, for each band. */
const MOST_COMPARED = 16;

/**
 * The accounts behind each template that at least two use, every account once. A prompt belongs to the first earlier template
 * whose first prompt it equals in 28 lanes, or begins one. Prompts that two accounts sent word for word are left out, since they
 * say nothing of templates, and so are empty ones.
 *
 * @param account number of each row's account; rows below 0 are left out
 */
export function groupTemplates(
  account: Int32Array,
  promptHash: BigUint64Array,
  minhash: Uint8Array,
): Int32Array[] {
  const owner = new Map<bigint, number>();
  account.forEach((a, row) => {
    if (a < 0) return;
    const known = owner.get(promptHash[row]!);
    owner.set(promptHash[row]!, known === undefined || known === a ? a : -1);
  });
  const firstRows: number[] = [];
  const users: Set<number>[] = [];
  const byBand = new Map<string, number[]>();
  for (let row = 0; row < account.length; row++) {
    if (account[row]! < 0 || promptHash[row] === 0n || owner.get(promptHash[row]!) === -1) continue;
    const keys = bandKeys(minhash, row);
    const template = keys
      .flatMap((key) => byBand.get(key) ?? [])
      .find((t) => countEqual(minhash, row, firstRows[t]!) >= LEAST_EQUAL);
    if (template !== undefined) {
      users[template]!.add(account[row]!);
      continue;
    }
    for (const key of keys) {
      const known = byBand.get(key);
      if (!known) byBand.set(key, [users.length]);
      else if (known.length < MOST_COMPARED) known.push(users.length);
    }
    firstRows.push(row);
    users.push(new Set([account[row]!]));
  }
  return users.filter((accounts) => accounts.size >= 2).map((accounts) => Int32Array.from(accounts));
}

function bandKeys(lanes: Uint8Array, row: number): string[] {
  const at = row * PROMPT_MINHASH_BYTES;
  return BANDS.slice(1).map(
    (end, band) => band + String.fromCharCode(...lanes.subarray(at + BANDS[band]!, at + end)),
  );
}

function countEqual(lanes: Uint8Array, a: number, b: number): number {
  let equal = 0;
  for (let lane = 0; lane < HEAD_LANES; lane++)
    if (lanes[a * PROMPT_MINHASH_BYTES + lane] === lanes[b * PROMPT_MINHASH_BYTES + lane]) equal++;
  return equal;
}
