import type { Cutter } from './chunk.js';
import { JsonScanner } from './json-scanner.js';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;

/** Rows are lines. */
export function makeLineCutter(): Cutter {
  return {
    findCut: (bytes, to) => bytes.subarray(0, to).lastIndexOf(LINE_FEED) + 1,
    takeBounds: () => null,
    findResume: (bytes, from, to) => {
      const at = bytes.subarray(from, to).indexOf(LINE_FEED);
      return at === -1 ? -1 : from + at + 1;
    },
  };
}

/**
 * CSV records: a line break ends one unless an odd number of quotes came before it (RFC 4180 2.6: a quote inside a
 * quoted field is doubled, which leaves the count even). After an oversize record, a quote that was never closed as a
 * rule, reading resumes at the next line.
 */
export function makeCsvCutter(): Cutter {
  return {
    findCut(bytes, to) {
      let cut = 0;
      let quoted = false;
      for (let at = 0; at < to; at++) {
        const byte = bytes[at];
        if (byte === QUOTE) quoted = !quoted;
        else if (byte === LINE_FEED && !quoted) cut = at + 1;
      }
      return cut;
    },
    takeBounds: () => null,
    findResume: makeLineCutter().findResume,
  };
}

/** Objects in one large array or end to end; see `JsonScanner`. */
export function makeJsonCutter(): Cutter {
  let scanner = new JsonScanner();
  let starts: number[] = [];
  let ends: number[] = [];
  return {
    findCut(bytes, to) {
      scanner = new JsonScanner();
      starts = [];
      ends = [];
      scanner.scan(
        bytes,
        0,
        to,
        (at) => starts.push(at),
        (at) => ends.push(at),
      );
      return scanner.inside ? starts.at(-1)! : to;
    },
    takeBounds(cut) {
      const bounds: number[] = [];
      starts.forEach((start, index) => {
        if (start < cut) bounds.push(start, Math.min(ends[index] ?? cut, cut));
      });
      return Uint32Array.from(bounds);
    },
    findResume(bytes, from, to) {
      let resume = -1;
      // One byte at a time would call back too late: the scan goes on past the end. Look for it in steps.
      for (let at = from; at < to && resume === -1; at += 4096) {
        const stop = Math.min(at + 4096, to);
        scanner.scan(
          bytes,
          at,
          stop,
          () => {},
          (end) => {
            if (resume === -1) resume = end;
          },
        );
      }
      return resume;
    },
  };
}
