import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ByteSource, openBytesSource } from '../formats/byte-source.js';
import { joinSources } from './joined-source.js';

it('reads across parts, empty ones too, with one of them open at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }),
      async (parts, reads) => {
        let open = 0;
        const joined = joinSources(
          'joined',
          parts.map((bytes) => ({
            sizeBytes: bytes.length,
            open: async (): Promise<ByteSource> => {
              expect(++open).toBe(1);
              return { ...openBytesSource(bytes), close: async () => void open-- };
            },
          })),
        );
        const all = Buffer.concat(parts);
        expect(joined.sizeBytes).toBe(all.length);
        await Promise.all(
          reads.map(async ([a, b]) => {
            const from = a % (all.length + 1);
            const length = b % (all.length - from + 1);
            expect(Buffer.compare(await joined.read(from, length), all.subarray(from, from + length))).toBe(
              0,
            );
          }),
        );
        await joined.close();
        expect(open).toBe(0);
      },
    ),
  );
});
