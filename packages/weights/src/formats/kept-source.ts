import { refuse } from '../weights-error.js';
import { type ByteSource, checkRange } from './byte-source.js';

/**
 * Bytes that cannot be read in part, such as a compressed entry: made on first use, then kept. Bytes read are counted by the
 * source that they are made of.
 *
 * @param sizeBytes what `make` is to return; another length is refused
 */
export function openKeptSource(name: string, sizeBytes: number, make: () => Promise<Uint8Array>): ByteSource {
  let made: Promise<Uint8Array> | undefined;
  return {
    name,
    sizeBytes,
    bytesRead: 0,
    async read(offset, length) {
      checkRange(sizeBytes, offset, length);
      made ??= make();
      const bytes = await made;
      if (bytes.length !== sizeBytes) refuse('WEIGHTS_FORMAT', `${name} is not as long as it says`);
      return bytes.slice(offset, offset + length);
    },
    close: async () => {},
  };
}
