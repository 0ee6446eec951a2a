import { randomBytes } from 'node:crypto';
import { openBytesSource } from '../formats/byte-source.js';
import { openSealedStream, sealSource } from './sealed-stream.js';

/** All that a generator gives, as one. */
export async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return new Uint8Array(Buffer.concat(all));
}

export function seal(plain: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  return collect(sealSource(openBytesSource(plain), recipients));
}

export function unseal(file: Uint8Array, identity: string): Promise<Uint8Array> {
  return collect(openSealedStream(openBytesSource(file), [identity]));
}

export function makePlain(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}
