import { type ByteSource, checkRange } from '../formats/byte-source.js';

/** One of the sources that are joined. It is opened when something of it is read. */
export interface JoinedPart {
  readonly sizeBytes: number;
  open(): Promise<ByteSource>;
}

/**
 * Sources one behind the other as one. One of them is open at a time, so that ten thousand files are no more than one.
 *
 * @throws PhalanxError what opening and reading the parts throws
 */
export function joinSources(name: string, parts: readonly JoinedPart[]): ByteSource {
  const starts: number[] = [];
  let sizeBytes = 0;
  for (const part of parts) {
    starts.push(sizeBytes);
    sizeBytes += part.sizeBytes;
  }
  let open: { readonly index: number; readonly source: ByteSource } | null = null;
  let closedBytesRead = 0;
  let tail: Promise<unknown> = Promise.resolve();

  const use = async (index: number): Promise<ByteSource> => {
    if (open?.index === index) return open.source;
    await release();
    open = { index, source: await parts[index]!.open() };
    return open.source;
  };
  const release = async (): Promise<void> => {
    if (open === null) return;
    const { source } = open;
    open = null;
    closedBytesRead += source.bytesRead;
    await source.close();
  };
  const readInTurn = async (offset: number, length: number): Promise<Uint8Array> => {
    const out = new Uint8Array(length);
    let index = findPart(starts, offset);
    for (let done = 0; done < length; index++) {
      const begin = starts[index]!;
      const end = Math.min(offset + length, begin + parts[index]!.sizeBytes);
      const from = offset + done;
      if (end <= from) continue;
      out.set(await (await use(index)).read(from - begin, end - from), done);
      done += end - from;
    }
    return out;
  };

  return {
    name,
    sizeBytes,
    get bytesRead() {
      return closedBytesRead + (open?.source.bytesRead ?? 0);
    },
    read(offset, length) {
      const reading = tail.then(() => {
        checkRange(sizeBytes, offset, length);
        return readInTurn(offset, length);
      });
      tail = reading.catch(() => undefined);
      return reading;
    },
    close: () => tail.then(release),
  };
}

/** The last part that begins at or before `offset`. */
function findPart(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low;
}
