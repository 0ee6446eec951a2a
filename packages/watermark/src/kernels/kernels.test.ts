import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const here = new URL('.', import.meta.url);
const sources = readdirSync(here).filter((name) => name.endsWith('.as.ts'));

describe('kernels', () => {
  it('are there', () => {
    expect(sources).toContain('philox.as.ts');
  });

  for (const source of sources)
    it(`${source} compiles to the binary beside it`, async () => {
      const script: string = '../../../../scripts/compile-kernel.mjs';
      const { compileKernel } = (await import(script)) as {
        compileKernel(source: string): Promise<Uint8Array>;
      };
      const binary: string = `./${source.replace('.as.ts', '.wasm.js')}`;
      const { KERNEL_BASE64 } = (await import(binary)) as { KERNEL_BASE64: string };
      const built = await compileKernel(`packages/watermark/src/kernels/${source}`);
      expect(Buffer.from(built).toString('base64')).toBe(KERNEL_BASE64);
    });
});
