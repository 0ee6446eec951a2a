export { type CollectionRights, MemoryTaxiiStore, type NewCollection } from './memory-store.js';
export type {
  AddResult,
  ApiRoot,
  Collection,
  NewObject,
  ObjectPage,
  ObjectQuery,
  Reader,
  StoredObject,
  StoredStatus,
  TaxiiStore,
  VersionQuery,
} from './taxii-store.js';
