import { createHash } from 'node:crypto';
import { concatBytes, fromHex, utf8 } from '@phalanx/core';

/** A UUID of version 5 (RFC 9562, 5.5): the same name in the same namespace always gives the same one. */
export function makeUuidV5(namespace: string, name: string): string {
  const space = fromHex(namespace.replaceAll('-', ''));
  const hash = createHash('sha1')
    .update(concatBytes([space, utf8(name)]))
    .digest()
    .subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
