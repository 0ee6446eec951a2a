/** The part of the WebAssembly API that the kernel needs; the Node types of this release leave it to the DOM library. */
export interface WasmEngine {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
  }) => { readonly buffer: ArrayBuffer };
}

/** A compiled module, opaque. */
export type WasmModule = object;

/** A constant that a module exports. */
export interface WasmConstant {
  readonly value: number;
}

/** The engine of this process. */
export const wasmEngine = (globalThis as unknown as { readonly WebAssembly: WasmEngine }).WebAssembly;
