import { randomBytes, timingSafeEqual } from 'node:crypto';
import { refuse } from '../coalition-error.js';
import { type DrawHalf, drawPositions, makeDrawHalf } from './audit-draw.js';
import { proveEquality } from './equality-proof.js';
import { joinBytes, splitBytes } from './message.js';
import { multiplyInThreads } from './point-threads.js';
import type { PsiAudit } from './psi-audit.js';
import {
  checkedList,
  digestOfPoints,
  elementMessage,
  elementPoint,
  PSI_AUDIT_CONTEXT,
  PSI_DST,
  type PsiMasked,
  type PsiPromise,
  type PsiRemasked,
  RUN_BYTES,
} from './psi-messages.js';
import { decodePoint, drawScalar, multiplyBase, POINT_BYTES, pointFromUniform, wipe } from './ristretto.js';
import {
  declareSet,
  digestOfDeclaration,
  isAscending,
  paddedSize,
  type SetDeclaration,
  tagOpening,
} from './set-commitment.js';

/** What a party starts with. */
export interface PsiOptions {
  /** 32 bytes that both agreed on for this run alone. */
  readonly run: Uint8Array;
  readonly epoch: number;
  /** Secret of the set's tags, 32 bytes, one an epoch. */
  readonly tagSecret: Uint8Array;
  /** Default: one a processor. */
  readonly threads?: number;
}

interface Masked {
  readonly point: Uint8Array;
  readonly element: Uint8Array | null;
  readonly padding: Uint8Array | null;
}

/**
 * Level 0: how many elements two labs have in common, and no more. One party's side; both do the same. Meadows 1986, Huberman, Franklin and
 * Hogg 1999, with lists in the order of their bytes instead of a shuffle: masked points are pseudorandom, so the order says nothing of
 * the one before.
 *
 * `promise` -> `reveal` -> `remask` -> `count`. The key is drawn for the run and destroyed by `close`. What each learns, and what a
 * party that does not follow the protocol learns: specification, section 4.
 */
export class PsiParty {
  readonly promise: PsiPromise;
  /** What was declared, for quotas and audits. */
  readonly declaration: SetDeclaration;
  readonly #options: PsiOptions;
  readonly #draw: DrawHalf;
  readonly #key: Uint8Array;
  readonly #list: readonly Masked[];
  #theirs: PsiPromise | null = null;
  #remasked: ReadonlySet<string> | null = null;

  private constructor(options: PsiOptions, declaration: SetDeclaration, key: Uint8Array, list: Masked[]) {
    this.#options = options;
    this.declaration = declaration;
    this.#key = key;
    this.#list = list;
    this.#draw = makeDrawHalf();
    this.promise = {
      type: 'phalanx-psi-promise-v1',
      run: options.run,
      size: list.length,
      publicKey: multiplyBase(key),
      declaration: digestOfDeclaration(declaration),
      masked: digestOfList(options.run, list),
      draw: this.#draw.promise,
    };
  }

  /**
   * Masks a set: one hash and one multiplication an element.
   *
   * @param elements distinct, as `matchingInput` makes them, at most 1,048,576
   * @throws PhalanxError `COALITION_LIMIT` for more, `COALITION_MATCHING` when two are equal
   */
  static async open(elements: readonly Uint8Array[], options: PsiOptions): Promise<PsiParty> {
    if (options.run.length !== RUN_BYTES)
      refuse('COALITION_MATCHING', `a run has ${RUN_BYTES} bytes`, 'Agree on another.');
    const declaration = declareSet(options.tagSecret, options.epoch, elements);
    const key = drawScalar();
    const messages = elements.map((element) => elementMessage(options.run, element));
    const masked = await multiplyInThreads(
      { scalar: key, from: { messages, dst: PSI_DST } },
      options.threads,
    );
    const list: Masked[] = splitBytes(masked, POINT_BYTES).map((point, i) => ({
      point,
      element: elements[i]!,
      padding: null,
    }));
    // A uniform point is distributed as a masked one, and costs no multiplication.
    const size = paddedSize(elements.length);
    while (list.length < size) {
      const padding = new Uint8Array(randomBytes(64));
      list.push({ point: pointFromUniform(padding), element: null, padding });
    }
    list.sort((a, b) => Buffer.compare(a.point, b.point));
    if (!isAscending(list.map(({ point }) => point)))
      refuse('COALITION_MATCHING', 'an element stands in the set twice', 'Give each once.');
    return new PsiParty(options, declaration, key, list);
  }

  /**
   * Step 2, once the other's promise is there.
   *
   * @throws PhalanxError `COALITION_MATCHING` for a promise of another run, or one's own sent back
   */
  reveal(theirs: PsiPromise): PsiMasked {
    const { run } = this.#options;
    const isMirror = timingSafeEqual(theirs.publicKey, this.promise.publicKey);
    if (!timingSafeEqual(theirs.run, run) || isMirror || theirs.size !== paddedSize(theirs.size))
      refuse('COALITION_MATCHING', 'the promise is not for this run', 'Begin a new run.');
    decodePoint(theirs.publicKey);
    this.#theirs ??= theirs;
    return { type: 'phalanx-psi-masked-v1', run, points: this.#list.map(({ point }) => point) };
  }

  /**
   * Step 3: masks the other's list again. One multiplication an element.
   *
   * @throws PhalanxError `COALITION_PROOF` when the list is not what was promised, `COALITION_MATCHING` when it is malformed or steps are out of
   *   order
   */
  async remask(theirs: PsiMasked): Promise<PsiRemasked> {
    const { run, threads } = this.#options;
    if (this.#theirs === null || this.#remasked !== null)
      return refuse('COALITION_MATCHING', 'the steps of a run come once each, in order', 'Begin a new run.');
    const points = checkedList(run, theirs, this.#theirs.size);
    if (!timingSafeEqual(digestOfPoints(run, points), this.#theirs.masked))
      refuse(
        'COALITION_PROOF',
        'the list is not the one that was promised',
        'End the run, and tell who sent it.',
      );
    this.#remasked = new Set();
    const from = { points: joinBytes(points, POINT_BYTES) };
    const remasked = splitBytes(await multiplyInThreads({ scalar: this.#key, from }, threads), POINT_BYTES);
    this.#remasked = new Set(remasked.map(nameOf));
    return { type: 'phalanx-psi-remasked-v1', run, points: remasked.sort(Buffer.compare) };
  }

  /**
   * Step 4: the size of the intersection. The other can make it come out smaller or larger, since nothing proves its step 3: compare the two
   * counts, which are equal when both follow the protocol.
   */
  count(theirs: PsiRemasked): number {
    const remasked = this.#remasked;
    if (remasked === null || remasked.size === 0)
      return refuse('COALITION_MATCHING', 'the steps of a run come once each, in order', 'Begin a new run.');
    const points = checkedList(this.#options.run, theirs, this.#list.length);
    return points.reduce((sum, point) => sum + (remasked.has(nameOf(point)) ? 1 : 0), 0);
  }

  /** The half of the draw that `promise` promised: show it after `count`. */
  get nonce(): Uint8Array {
    return this.#draw.nonce;
  }

  /**
   * Opens one element in a hundred to the auditor.
   *
   * @param nonce the other's, after the run
   * @throws PhalanxError `COALITION_PROOF` when it is not what the other promised
   */
  openAudit(nonce: Uint8Array): PsiAudit {
    if (this.#theirs === null) return refuse('COALITION_MATCHING', 'there was no run', 'Begin one.');
    const halves = [this.#draw, { nonce, promise: this.#theirs.draw }] as const;
    const drawn = drawPositions(this.promise.masked, this.#list.length, halves).map((at) => this.#list[at]!);
    const elements = drawn.flatMap(({ element, point }) => (element === null ? [] : [{ element, point }]));
    const from = elements.map(({ element }) => elementPoint(this.#options.run, element));
    const to = elements.map(({ point }) => point);
    const claim = { context: PSI_AUDIT_CONTEXT, publicKey: this.promise.publicKey, from, to };
    return {
      openings: drawn.map(({ element, padding }) =>
        element === null
          ? { padding: padding! }
          : { element, tagOpening: tagOpening(this.#options.tagSecret, element) },
      ),
      proof: elements.length === 0 ? null : proveEquality(this.#key, claim),
    };
  }

  /** Destroys the key: no audit after this. */
  close(): void {
    wipe(this.#key);
  }
}

function digestOfList(run: Uint8Array, list: readonly Masked[]): Uint8Array {
  return digestOfPoints(
    run,
    list.map(({ point }) => point),
  );
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
