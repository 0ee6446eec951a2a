import { type WasmConstant, type WasmModule, wasmEngine } from '@phalanx/core';

const PAGE_BYTES = 65_536;
const modules = new Map<string, WasmModule>();

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

/** Instantiates a kernel; its module is compiled once a process. `pages` of 64 KiB must cover what END says. */
export function openKernel<Exports extends KernelBuffers>(base64: string, pages: number): Kernel<Exports> {
  let compiled = modules.get(base64);
  if (compiled === undefined) {
    compiled = new wasmEngine.Module(Buffer.from(base64, 'base64'));
    modules.set(base64, compiled);
  }
  const memory = new wasmEngine.Memory({ initial: pages, maximum: pages });
  const exports = new wasmEngine.Instance(compiled, { env: { memory } }).exports as unknown as Exports;
  if (exports.END.value > pages * PAGE_BYTES) throw new RangeError('kernel needs more pages');
  return {
    exports,
    rows: new Int32Array(memory.buffer, exports.ROWS.value, exports.CAPACITY.value),
    words: new Uint32Array(memory.buffer, exports.WORDS.value, exports.CAPACITY.value),
  };
}
