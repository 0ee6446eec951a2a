import { PhalanxError } from '@phalanx/core';
import {
  appendWhole,
  type Disk,
  FRAME_HEADER_BYTES,
  formatFrame,
  readFrame,
  readFrameHeader,
  SEGMENT_ENTRIES,
} from '@phalanx/ledger';
import { formatBox, type OpeningBox, parseBoxes } from './opening-box.js';
import type { RecordErrorCode } from './record-error.js';

const FOLDER = 'openings';
const MAX_FRAME_BYTES = 1 << 27;
/** Bytes of boxes in a frame; a box that is larger has one to itself. */
const PART_SIZE = 1 << 24;
/** A payload begins with the number of the part, and how many there are. */
const PART_BYTES = 2;

/** Boxes that open the leaves `first` to `first + count - 1`. */
export interface OpeningBatch {
  readonly first: number;
  readonly count: number;
  readonly boxes: readonly OpeningBox[];
}

/**
 * Openings beside a log: `openings/000000000` and so on, one file for each segment of the log. They are written and synced before
 * the leaves that they open, so that every leaf has its opening, and an opening without leaves is cut off at the next start.
 */
export class OpeningFile {
  readonly #disk: Disk;
  readonly #segmentEntries: number;

  private constructor(disk: Disk, segmentEntries: number) {
    this.#disk = disk;
    this.#segmentEntries = segmentEntries;
  }

  /**
   * @param logSize leaves that the log has
   * @param exchangesEnd index after its last exchange leaf; 0 without one
   * @throws PhalanxError `RECORD_CORRUPT`
   */
  static open(
    disk: Disk,
    logSize: number,
    exchangesEnd: number,
    segmentEntries = SEGMENT_ENTRIES,
  ): OpeningFile {
    const file = new OpeningFile(disk, segmentEntries);
    file.#recover(logSize, exchangesEnd);
    return file;
  }

  /** Leaves of one segment file: a batch must not cross into the next. */
  get segmentEntries(): number {
    return this.#segmentEntries;
  }

  /** Returns when the boxes survive a loss of power. */
  append(first: number, count: number, boxes: readonly OpeningBox[]): void {
    const path = pathOf(Math.floor(first / this.#segmentEntries));
    const parts = cutParts(boxes.map(formatBox));
    parts.forEach((boxesOfPart, part) => {
      const payload = Buffer.concat([Uint8Array.of(part, parts.length), ...boxesOfPart]);
      appendWhole(this.#disk, path, formatFrame(first, count, payload));
    });
    this.#disk.sync(path);
  }

  /**
   * Batches that open any of the leaves `from` to `to - 1`, in order.
   *
   * @param isWanted tells by the leaves of a batch whether it is read; default: every one
   * @throws PhalanxError `RECORD_CORRUPT`
   */
  *read(
    from: number,
    to: number,
    isWanted: (first: number, count: number) => boolean = () => true,
  ): Generator<OpeningBatch> {
    const last = Math.floor((to - 1) / this.#segmentEntries);
    for (let segment = Math.floor(from / this.#segmentEntries); segment <= last; segment++) {
      const path = pathOf(segment);
      const read = this.#reader(path);
      let boxes: OpeningBox[] = [];
      for (let at = 0; ; ) {
        const header = readFrameHeader(read, at, MAX_FRAME_BYTES);
        if (header === null) {
          // The end of the file, unless there is more: what follows damage must not pass for erased.
          if (at < (this.#disk.size(path) ?? 0)) throw corrupt(`${path} is altered at byte ${at}`);
          break;
        }
        const { first, count } = header;
        at += FRAME_HEADER_BYTES + header.payloadBytes;
        if (first + count <= from) continue;
        if (first >= to) break;
        if (!isWanted(first, count)) continue;
        const found = readFrame(read, header.at, MAX_FRAME_BYTES);
        if (found === null) throw corrupt(`${path} is altered at byte ${header.at}`);
        const [part = 0, parts = 0] = found.payload;
        boxes.push(...parseBoxes(found.payload.subarray(PART_BYTES)));
        if (part + 1 < parts) continue;
        yield { first, count, boxes };
        boxes = [];
      }
    }
  }

  /**
   * Cuts off what opens leaves that were never logged. Frames are synced before their leaves are, so that nothing else can be
   * torn.
   */
  #recover(logSize: number, exchangesEnd: number): void {
    const segment = Math.floor(logSize / this.#segmentEntries);
    for (const name of this.#disk.list(FOLDER)) {
      if (!/^\d{9}$/.test(name)) throw corrupt(`${FOLDER}/${name} has no place here`);
      if (Number(name) > segment) this.#disk.truncate(`${FOLDER}/${name}`, 0);
    }
    const path = pathOf(segment);
    const read = this.#reader(path);
    let end = 0;
    let covered = segment * this.#segmentEntries;
    for (let found = readFrame(read, 0, MAX_FRAME_BYTES); found !== null; ) {
      const { frame, payload } = found;
      if (frame.first + frame.count > logSize) break;
      end = frame.at + FRAME_HEADER_BYTES + frame.payloadBytes;
      const [part = 0, parts = 0] = payload;
      if (part + 1 === parts) covered = frame.first + frame.count;
      found = readFrame(read, end, MAX_FRAME_BYTES);
    }
    if (covered < exchangesEnd) throw corrupt(`${path} is altered at byte ${end}`);
    if (end < (this.#disk.size(path) ?? 0)) this.#disk.truncate(path, end);
  }

  #reader(path: string) {
    return (at: number, length: number): Uint8Array => this.#disk.read(path, at, length);
  }
}

/** At least one part, so that a batch of which nothing is kept is covered too. */
function cutParts(boxes: readonly Uint8Array[]): Uint8Array[][] {
  const parts: Uint8Array[][] = [[]];
  let bytes = 0;
  for (const box of boxes) {
    if (bytes > 0 && bytes + box.length > PART_SIZE) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(box);
    bytes += box.length;
  }
  return parts;
}

function pathOf(segment: number): string {
  return `${FOLDER}/${String(segment).padStart(9, '0')}`;
}

function corrupt(what: string): PhalanxError<RecordErrorCode> {
  return new PhalanxError('RECORD_CORRUPT', `the openings on disk are damaged: ${what}`, {
    advice: 'Restore the folder from a copy; the log itself needs no opening to stay provable.',
  });
}
