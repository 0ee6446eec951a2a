import { openWasm, type WasmConstant } from '@phalanx/core';

/** Buffers that every kernel of this package has; addresses are bytes, CAPACITY numbers of 32 bits. */
export interface KernelBuffers {
  readonly CAPACITY: WasmConstant;
  readonly ROWS: WasmConstant;
  readonly WORDS: WasmConstant;
  readonly END: WasmConstant;
}

/** An instance with its memory: not re-entrant. */
export interface Kernel<Exports> {
  readonly exports: Exports;
  /** In: rows of tokens. */
  readonly rows: Int32Array;
  /** Out: words. */
  readonly words: Uint32Array;
}

/** Instantiates a kernel of this package. `pages` of 64 KiB must cover what END says. */
export function openKernel<Exports extends KernelBuffers>(base64: string, pages: number): Kernel<Exports> {
  const { exports, buffer } = openWasm<Exports>(base64, pages);
  return {
    exports,
    rows: new Int32Array(buffer, exports.ROWS.value, exports.CAPACITY.value),
    words: new Uint32Array(buffer, exports.WORDS.value, exports.CAPACITY.value),
  };
}
