import { openBytesSource, openSealed, openSealedStream, sealSource } from '@phalanx/weights';

/** All that is given, as one. */
export async function collectBytes(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

export function sealBytes(plain: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  return collectBytes(sealSource(openBytesSource(plain), recipients));
}

/** The plaintext as the stream gives it; what came before an error is told with it. */
export async function openBytes(
  file: Uint8Array,
  identities: readonly string[],
): Promise<{ readonly plain: Uint8Array; readonly error: unknown }> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of openSealedStream(openBytesSource(file), identities)) parts.push(part);
    return { plain: Buffer.concat(parts), error: null };
  } catch (error) {
    return { plain: Buffer.concat(parts), error };
  }
}

/** The same by random access, in pieces from the end to the front. */
export async function openBytesByRange(
  file: Uint8Array,
  identities: readonly string[],
): Promise<{ readonly plain: Uint8Array; readonly error: unknown }> {
  try {
    const source = await openSealed(openBytesSource(file), identities);
    const piece = Math.max(1, Math.ceil(source.sizeBytes / 7));
    const pieces: Uint8Array[] = [];
    for (let at = Math.floor(source.sizeBytes / piece) * piece; at >= 0; at -= piece)
      pieces.unshift(await source.read(at, Math.min(piece, source.sizeBytes - at)));
    return { plain: Buffer.concat(pieces), error: null };
  } catch (error) {
    return { plain: new Uint8Array(0), error };
  }
}
