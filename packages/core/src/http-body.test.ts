import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from './http-body.js';

function streamOf(parts: readonly Uint8Array[], seen: { taken: number; cancelled: boolean }): Response {
  let at = 0;
  return new Response(
    new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const part = parts[at++];
          if (part === undefined) return controller.close();
          seen.taken += part.length;
          controller.enqueue(part);
        },
        cancel: () => {
          seen.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    ),
  );
}

describe('readBody', () => {
  it('reads whatever parts a body comes in, up to the limit and not beyond', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 10 }), fc.nat(100), async (parts, limit) => {
        const seen = { taken: 0, cancelled: false };
        const whole = parts.flatMap((part) => [...part]);
        const read = await readBody(streamOf(parts, seen), limit);
        expect(read === null ? null : [...read]).toEqual(whole.length > limit ? null : whole);
        expect(seen.cancelled).toBe(whole.length > limit);
        expect(seen.taken).toBeLessThanOrEqual(limit + 20);
      }),
    );
  });

  it('gives no bytes for no body, and passes a broken transfer on', async () => {
    expect(await readBody(new Response(null), 0)).toEqual(new Uint8Array());
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('cut')) });
    await expect(readBody(new Response(broken), 9)).rejects.toThrow('cut');
  });

  it('refuses a copy that nobody reads beside it', async () => {
    const request = new Request('http://localhost/', { method: 'POST', body: new Uint8Array(100) });
    expect(await readBody(request.clone(), 10)).toBeNull();
  });
});
