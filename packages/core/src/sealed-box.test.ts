import { createDecipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seal, unseal } from './sealed-box.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

it('opens what was sealed, and nothing else', () => {
  fc.assert(
    fc.property(bytes(32), fc.uint8Array(), fc.uint8Array(), fc.nat(), (key, plain, context, pick) => {
      const sealed = seal(key, plain, context);
      expect(unseal(key, sealed, context)).toEqual(plain);
      expect(unseal(key, sealed, Uint8Array.of(...context, 0))).toBeNull();
      const box = Uint8Array.from(sealed.box);
      box[pick % box.length]! ^= 1;
      expect(unseal(key, { ...sealed, box }, context)).toBeNull();
      const other = Uint8Array.from(key);
      other[pick % 32]! ^= 1;
      expect(unseal(other, sealed, context)).toBeNull();
      expect(unseal(key, { ...sealed, box: sealed.box.subarray(0, 15) }, context)).toBeNull();
    }),
  );
});

it('is AES-256-GCM with the tag at the end', () => {
  const { nonce, box } = seal(new Uint8Array(32), Buffer.from('text'), Buffer.from('context'));
  const decipher = createDecipheriv('aes-256-gcm', new Uint8Array(32), nonce);
  decipher.setAAD(Buffer.from('context')).setAuthTag(box.subarray(4));
  expect(decipher.update(box.subarray(0, 4), undefined, 'utf8') + decipher.final('utf8')).toBe('text');
});

it('never uses a nonce twice', () => {
  const nonces = Array.from({ length: 5000 }, () =>
    Buffer.from(seal(new Uint8Array(32), new Uint8Array(0), new Uint8Array(0)).nonce).toString('hex'),
  );
  expect(new Set(nonces).size).toBe(5000);
});
