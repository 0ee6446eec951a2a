/**
 * What a TAXII server needs of whatever keeps its collections. Times are microseconds since the epoch, which stay exact as numbers
 * until the year 2255.
 */
export interface TaxiiStore {
  /** Roots that this member may see, by path. */
  listApiRoots(memberId: string): Promise<readonly ApiRoot[]>;
  /** Null for one that is not there, or that this member has no collection in and that is not open to it. */
  findApiRoot(path: string, memberId: string): Promise<ApiRoot | null>;
  /** Collections of a root, sorted by id, that this member may read or write. */
  listCollections(rootPath: string, memberId: string): Promise<readonly Collection[]>;
  /** By id or alias; null when this member may neither read nor write it. */
  findCollection(rootPath: string, idOrAlias: string, memberId: string): Promise<Collection | null>;
  /** In ascending order of `addedUs`; at most `limit`. Fewer than `limit` means that there are no more. */
  readObjects(collectionId: string, query: ObjectQuery): Promise<readonly StoredObject[]>;
  /** As `readObjects`, where the text of what anybody of that clearance may see is not needed. `json` is empty when `clearance` is at most `clearance`. */
  readManifest(collectionId: string, query: ObjectQuery, clearance: number): Promise<readonly StoredObject[]>;
  /** Latest versions of these marking definitions, wherever in the collection they stand. */
  findMarkings(collectionId: string, ids: readonly string[]): Promise<readonly string[]>;
  /**
   * Adds all of them in this order, in one transaction, each with an `addedUs` of its own that is above all before it in the
   * collection. Resolves when they survive a loss of power. What is there already, by id and version, is left as it is.
   */
  addObjects(collectionId: string, objects: readonly NewObject[]): Promise<readonly AddResult[]>;
  /** Removes versions of one object that the query names; returns how many there were. */
  removeObject(collectionId: string, objectId: string, query: VersionQuery): Promise<number>;
  putStatus(rootPath: string, memberId: string, status: StoredStatus): Promise<void>;
  /** Null also for the status of another member's request. */
  findStatus(rootPath: string, memberId: string, statusId: string): Promise<StoredStatus | null>;
}

export interface ApiRoot {
  /** One path segment, `[a-z0-9-]{1,64}`. */
  readonly path: string;
  readonly title: string;
  readonly description: string | null;
  readonly isDefault: boolean;
}

export interface Collection {
  /** UUID. */
  readonly id: string;
  readonly alias: string | null;
  readonly title: string;
  readonly description: string | null;
  readonly mediaTypes: readonly string[];
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

/** Which versions of objects are meant: TAXII 2.1 section 3.4, `match[version]` and `match[spec_version]`. */
export interface VersionQuery {
  /** Versions as microseconds, or words. */
  readonly versions: readonly ('first' | 'last' | 'all' | number)[];
  /** Null: the latest specification version that the collection has of each object. */
  readonly specVersions: readonly string[] | null;
}

export interface ObjectQuery extends VersionQuery {
  /** Only what was added after this; 0 for all. */
  readonly afterUs: number;
  readonly limit: number;
  /** Null: any. */
  readonly ids: readonly string[] | null;
  readonly types: readonly string[] | null;
}

export interface NewObject {
  readonly id: string;
  readonly type: string;
  /** `modified`, or `created`, or for what has neither the time of its addition (then null here). */
  readonly versionUs: number | null;
  /** The text of that time as the object has it; the wire shows it unchanged. Null with `versionUs`. */
  readonly versionText: string | null;
  readonly specVersion: string;
  readonly mediaType: string;
  /** Ready to serve. */
  readonly json: string;
  /** Place in `TLP_LEVELS` that suffices to read the object whole; null when each reader must be judged. */
  readonly clearance: number | null;
  /** Only in imports: when it was added. Otherwise the store's clock decides. */
  readonly addedUs?: number;
}

export interface StoredObject extends Omit<NewObject, 'versionUs' | 'versionText' | 'addedUs'> {
  readonly addedUs: number;
  readonly versionUs: number;
  readonly versionText: string;
}

/** `differs`: the same id and version is there with other content, and stays as it is. */
export type AddResult = 'added' | 'present' | 'differs';

/** A status resource as it is served, without its id's object in the store's terms: ready JSON. */
export interface StoredStatus {
  readonly id: string;
  readonly requestUs: number;
  readonly json: string;
}
