const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Finds JSON objects in a byte stream that is one large array, objects end to end, or both: everything between the
 * objects of the outermost level (brackets, commas, white space) separates. Looks at each byte once.
 *
 * Text outside objects that is no separator (a bare number, a broken start) begins a row too, which ends where the
 * next object or separator begins, so that it is reported and not lost.
 */
export class JsonScanner {
  /** Nesting inside the current object; 0 between objects. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #stray = false;

  /** Whether the scanner stands inside a row. */
  get inside(): boolean {
    return this.#depth > 0 || this.#stray;
  }

  /** Scans bytes[from, to) and calls back where rows begin and end (exclusive), as positions in `bytes`. */
  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    onStart: (at: number) => void,
    onEnd: (at: number) => void,
  ): void {
    let depth = this.#depth;
    let at = from;
    while (at < to) {
      if (this.#inString) {
        at = this.#skipString(bytes, at, to);
        continue;
      }
      const byte = bytes[at]!;
      if (depth === 0) {
        if (byte === OPEN_BRACE) {
          if (this.#stray) onEnd(at);
          this.#stray = false;
          onStart(at);
          depth = 1;
        } else if (isSeparator(byte)) {
          if (this.#stray) onEnd(at);
          this.#stray = false;
        } else if (!this.#stray) {
          this.#stray = true;
          onStart(at);
        }
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth--;
        if (depth === 0) onEnd(at + 1);
      }
      at++;
    }
    this.#depth = depth;
  }

  /** Returns the position after the closing quote, or `to` when it is not in reach. */
  #skipString(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (; at < to; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.#inString = false;
        return at + 1;
      }
      if (byte === BACKSLASH) {
        if (at + 1 >= to) this.#escaped = true;
        at++;
      }
    }
    return to;
  }
}

function isSeparator(byte: number): boolean {
  return byte <= 0x20 || byte === 0x2c || byte === OPEN_BRACKET || byte === CLOSE_BRACKET;
}
