import type { CoalitionErrorCode } from '@phalanx/coalition';
import {
  decodeMessage,
  encodeMessage,
  epochOf,
  type LookupAnswer,
  type LookupRequest,
  type LookupTable,
  MAX_EVALUATIONS,
  MAX_REVEAL_TEXT,
  MAX_SIGHTING_TEXT,
  type RevealBatch,
  RevealCollector,
  type RevealResult,
  revealBatchSchema,
  SightingTable,
  type TokenSightings,
  tokenSightingsSchema,
} from '@phalanx/coalition/matching';
import { type Clock, fromUtf8, PhalanxError, utf8 } from '@phalanx/core';
import type { BatchKind, MatchingBatches } from '@phalanx/store/control';

/** A table or a result is made anew at most that often, and at most a tenth of the time is spent on it. */
const REBUILD_MS = 1000;
/** For lookups, which are many, it is asked that often who is suspended. */
const STANDING_MS = 1000;

export interface MatchingRoomSettings {
  readonly batches: MatchingBatches;
  readonly clock: Clock;
  /** Labs that must have seen a value before anybody learns it, at least 2. */
  readonly threshold: number;
  /** Whether a lab counts now: a suspended one does not, nor what it gave before. */
  readonly isActive: (lab: string) => Promise<boolean>;
}

/** What of a value its labs learn: that so many have seen it, and between which days. Not who, and not how often. */
export interface SharedValue {
  readonly valueClass: string;
  readonly value: Uint8Array;
  readonly labs: number;
  readonly firstDay: number;
  readonly lastDay: number;
  /** Different details of submissions that have one, ascending: of a template's band the sketches. */
  readonly details: readonly Uint8Array[];
  readonly isDisputed: boolean;
}

/** What level 2 tells one lab. */
export interface OwnReveal {
  readonly epoch: number;
  /** Values that this lab and enough others have submitted. */
  readonly shared: readonly SharedValue[];
  /** Tags that enough labs have, this one among them, and that nothing opens. */
  readonly unopened: number;
  /** Submissions of this lab that are false. */
  readonly false: number;
}

interface Room {
  readonly epoch: number;
  readonly tokens: SightingTable;
  readonly collector: RevealCollector;
  readonly counts: Map<string, number>;
}

/**
 * Levels 1 and 2 of one epoch at a hub: what labs gave is on disk, sealed, before it counts; in memory it is counted, and made again from disk at
 * a start or when a lab was suspended. One process has it. When the epoch ends, all of it goes.
 */
export class MatchingRoom {
  readonly #settings: MatchingRoomSettings;
  #room: Room | null = null;
  #suspended: ReadonlySet<string> = new Set();
  #labs = new Set<string>();
  #checkedMs = Number.NEGATIVE_INFINITY;
  #table: { readonly made: LookupTable; readonly nextMs: number } | null = null;
  #result: { readonly made: RevealResult; readonly nextMs: number } | null = null;
  #isTableOld = true;
  #isResultOld = true;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(settings: MatchingRoomSettings) {
    this.#settings = settings;
  }

  get threshold(): number {
    return this.#settings.threshold;
  }

  /** The number of a lab, under which it makes its shares. */
  placeOf(lab: string): Promise<number> {
    return this.#settings.batches.placeOf(lab);
  }

  /**
   * Takes tokens that a lab has seen (level 1). The same message again changes nothing.
   *
   * @throws PhalanxError `COALITION_MATCHING` for another epoch, `COALITION_LIMIT` for more than 200,000 of one lab
   */
  async addTokens(lab: string, text: string): Promise<void> {
    const message = decodeMessage(tokenSightingsSchema, text, MAX_SIGHTING_TEXT);
    const said = encodeMessage(tokenSightingsSchema, message);
    await this.#add(lab, 'tokens', said, message.epoch, message.tokens.length);
  }

  /**
   * Takes sealed sightings of a lab (level 2). The same message again changes nothing.
   *
   * @throws PhalanxError `COALITION_MATCHING` for other terms, `COALITION_LIMIT` for more than 200,000 of one lab
   */
  async submit(lab: string, text: string): Promise<void> {
    const batch = decodeMessage(revealBatchSchema, text, MAX_REVEAL_TEXT);
    if (batch.threshold !== this.threshold)
      throw wrong('submissions under another threshold', `It takes ${this.threshold} labs.`);
    const said = encodeMessage(revealBatchSchema, batch);
    await this.#add(lab, 'submissions', said, batch.epoch, batch.short.length + batch.long.length);
  }

  /** @throws PhalanxError `COALITION_MATCHING` for another epoch */
  lookUp(request: LookupRequest): Promise<LookupAnswer> {
    return this.#inTurn(async () => {
      const { tokens } = await this.#open(STANDING_MS);
      const startMs = performance.now();
      if (this.#table === null || (this.#isTableOld && startMs >= this.#table.nextMs)) {
        const made = tokens.build();
        this.#isTableOld = false;
        this.#table = { made, nextMs: nextTime(startMs) };
      }
      return this.#table.made.answer(request);
    });
  }

  /** What level 2 tells a lab now. */
  revealTo(lab: string): Promise<OwnReveal> {
    return this.#inTurn(async () => {
      const { epoch } = await this.#open();
      const place = await this.placeOf(lab);
      const { revealed, unopened, falseSubmissions } = await this.#reveal();
      const shared = revealed
        .filter(({ places }) => places.includes(place))
        .map(({ places, sightings, isDisputed }): SharedValue => {
          const days = sightings.map(({ sighting }) => sighting.day);
          const { valueClass, value } = sightings.find((one) => one.place === place)!.sighting;
          return {
            valueClass,
            value,
            labs: places.length,
            firstDay: Math.min(...days),
            lastDay: Math.max(...days),
            details: distinct(sightings.map(({ sighting }) => sighting.detail)),
            isDisputed,
          };
        });
      return {
        epoch,
        shared,
        unopened: unopened.filter(({ places }) => places.includes(place)).length,
        false: falseSubmissions.filter((one) => one.place === place).length,
      };
    });
  }

  /** For the operator: labs whose submissions were false, with how many. */
  nameFalse(): Promise<ReadonlyMap<string, number>> {
    return this.#inTurn(async () => {
      await this.#open();
      const labs = await this.#settings.batches.listPlaces();
      const counts = new Map<string, number>();
      for (const { place } of (await this.#reveal()).falseSubmissions) {
        const lab = labs.get(place)!;
        counts.set(lab, (counts.get(lab) ?? 0) + 1);
      }
      return counts;
    });
  }

  /** All that the collector knows, for what works on it in the hub. */
  result(): Promise<RevealResult> {
    return this.#inTurn(async () => {
      await this.#open();
      return this.#reveal();
    });
  }

  /** Ends epochs that are over: destroys their keys and what lay under them. Returns those epochs. */
  tick(): Promise<number[]> {
    return this.#inTurn(async () => {
      const epoch = epochOf(this.#settings.clock.nowMs());
      if (this.#room !== null && this.#room.epoch !== epoch) this.#forget();
      return this.#settings.batches.destroyBefore(epoch);
    });
  }

  /** @param text as this hub writes the message: in another's writing, one token could come in any number of texts, of megabytes each */
  #add(lab: string, kind: BatchKind, text: string, epoch: number, count: number): Promise<void> {
    return this.#inTurn(async () => {
      const room = await this.#open();
      if (epoch !== room.epoch) throw wrong(`epoch ${epoch}`, `It is epoch ${room.epoch}.`);
      if (count === 0) return;
      const total = (room.counts.get(`${kind} ${lab}`) ?? 0) + count;
      if (total > MAX_EVALUATIONS)
        throw new PhalanxError<CoalitionErrorCode>('COALITION_LIMIT', `${total} of one lab`, {
          advice: `At most ${MAX_EVALUATIONS} an epoch.`,
        });
      await this.placeOf(lab);
      const isNew = await this.#settings.batches.add(epoch, { lab, kind, text: utf8(text) });
      if (isNew) await this.#count(room, lab, kind, text);
    });
  }

  async #count(room: Room, lab: string, kind: BatchKind, text: string): Promise<void> {
    this.#labs.add(lab);
    const name = `${kind} ${lab}`;
    const add = (count: number) => room.counts.set(name, (room.counts.get(name) ?? 0) + count);
    if (kind === 'tokens') {
      const message: TokenSightings = decodeMessage(tokenSightingsSchema, text, MAX_SIGHTING_TEXT);
      room.tokens.add(lab, message);
      add(message.tokens.length);
      this.#isTableOld = true;
    } else {
      const batch: RevealBatch = decodeMessage(revealBatchSchema, text, MAX_REVEAL_TEXT);
      room.collector.submit(await this.placeOf(lab), batch);
      add(batch.short.length + batch.long.length);
      this.#isResultOld = true;
    }
  }

  /** The room of this epoch, as labs stand now, or stood at most `standingMs` ago. */
  async #open(standingMs = 0): Promise<Room> {
    const { batches, clock, threshold, isActive } = this.#settings;
    const epoch = epochOf(clock.nowMs());
    const nowMs = performance.now();
    if (this.#room?.epoch === epoch && nowMs - this.#checkedMs < standingMs) return this.#room;
    this.#checkedMs = nowMs;
    const suspended = new Set<string>();
    for (const lab of this.#labs) if (!(await isActive(lab))) suspended.add(lab);
    const isSame =
      suspended.size === this.#suspended.size && [...suspended].every((lab) => this.#suspended.has(lab));
    if (this.#room?.epoch === epoch && isSame) return this.#room;
    this.#forget();
    const tokens = new SightingTable(epoch, threshold, await batches.secretOf(epoch));
    const room = { epoch, tokens, collector: new RevealCollector({ epoch, threshold }), counts: new Map() };
    for await (const { lab, kind, text } of batches.read(epoch)) {
      this.#labs.add(lab);
      if (await isActive(lab)) await this.#count(room, lab, kind, fromUtf8(text));
      else suspended.add(lab);
    }
    this.#suspended = suspended;
    this.#room = room;
    return room;
  }

  async #reveal(): Promise<RevealResult> {
    const startMs = performance.now();
    if (this.#result === null || (this.#isResultOld && startMs >= this.#result.nextMs)) {
      const made = this.#room!.collector.reveal();
      this.#isResultOld = false;
      this.#result = { made, nextMs: nextTime(startMs) };
    }
    return this.#result.made;
  }

  #forget(): void {
    this.#room = null;
    this.#table = null;
    this.#result = null;
    this.#isTableOld = true;
    this.#isResultOld = true;
    this.#labs = new Set();
    this.#suspended = new Set();
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(act);
    this.#tail = mine.catch(() => undefined);
    return mine;
  }
}

/** After the work that began at `startMs`, when it may be done again. */
function nextTime(startMs: number): number {
  const endMs = performance.now();
  return endMs + Math.max(REBUILD_MS, 9 * (endMs - startMs));
}

function distinct(list: readonly Uint8Array[]): Uint8Array[] {
  const byName = new Map(
    list.filter(({ length }) => length > 0).map((one) => [Buffer.from(one).toString('latin1'), one]),
  );
  return [...byName.values()].sort(Buffer.compare);
}

function wrong(what: string, advice: string): PhalanxError<CoalitionErrorCode> {
  return new PhalanxError('COALITION_MATCHING', what, { advice });
}
