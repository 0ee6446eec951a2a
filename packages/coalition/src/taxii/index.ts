export type {
  AddResult,
  ApiRoot,
  Collection,
  NewObject,
  ObjectQuery,
  StoredObject,
  StoredStatus,
  TaxiiStore,
  VersionQuery,
} from './taxii-store.js';
