/** The part of the WebAssembly API that kernels need; the Node types of this release leave it to the DOM library. */
interface WasmEngine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
  }) => { readonly buffer: ArrayBuffer };
}

const engine = (globalThis as unknown as { readonly WebAssembly: WasmEngine }).WebAssembly;
const compiled = new Map<string, object>();

/** Bytes of a page of WebAssembly memory. */
export const WASM_PAGE_BYTES = 65_536;

/** A constant that a kernel exports, as an address. */
export interface WasmConstant {
  readonly value: number;
}

/**
 * Instantiates a kernel that `scripts/compile-kernel.mjs` embedded, with a memory of its own that never grows. The module is
 * compiled once a process. What the kernel exports is for the caller to know: nothing checks `Exports`.
 *
 * @throws RangeError when a kernel that exports END, its first unused byte, needs more pages
 */
export function openWasm<Exports>(
  base64: string,
  pages: number,
): { readonly exports: Exports; readonly buffer: ArrayBuffer } {
  let module = compiled.get(base64);
  if (module === undefined) {
    module = new engine.Module(Buffer.from(base64, 'base64'));
    compiled.set(base64, module);
  }
  const memory = new engine.Memory({ initial: pages, maximum: pages });
  const { exports } = new engine.Instance(module, { env: { memory } });
  const end = (exports as { readonly END?: WasmConstant }).END;
  if (end !== undefined && end.value > pages * WASM_PAGE_BYTES)
    throw new RangeError(`a kernel needs ${end.value} bytes, not ${pages} pages`);
  return { exports: exports as Exports, buffer: memory.buffer };
}
