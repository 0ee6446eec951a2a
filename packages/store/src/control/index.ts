export type { ControlStore } from './control-store.js';
export { type ControlStoreOptions, openControlStore } from './open.js';
