/**
 * What a TAXII server needs of whatever keeps its collections. Times are microseconds since the epoch, which stay exact as numbers
 * until the year 2255. `MemoryTaxiiStore` is the reference; `TAXII_STORE_CONTRACT` checks any other against it.
 */
export interface TaxiiStore {
  /** Roots that this member may see, by path. */
  listApiRoots(memberId: string): Promise<readonly ApiRoot[]>;
  /** Null for one that is not there, or that this member has no collection in and that is not open to it. */
  findApiRoot(path: string, memberId: string): Promise<ApiRoot | null>;
  /** Collections of a root, sorted by id, that this member may read or write, and those announced to it although it may do neither. */
  listCollections(rootPath: string, memberId: string): Promise<readonly Collection[]>;
  /** One of these, by id or alias; null for any other. */
  findCollection(rootPath: string, idOrAlias: string, memberId: string): Promise<Collection | null>;
  /** In ascending order of `addedUs`. */
  readObjects(collectionId: string, query: ObjectQuery): Promise<ObjectPage>;
  /** As `readObjects`, with `json` empty where the reader may see the object whole: a manifest needs the text of the others only. */
  readManifest(collectionId: string, query: ObjectQuery): Promise<ObjectPage>;
  /** Of each of these marking definitions that stands in the collection, the text of the one added first. What comes later under its id cannot loosen it. */
  findMarkings(collectionId: string, ids: readonly string[]): Promise<readonly string[]>;
  /**
   * Adds all of them in this order, in one transaction, each with an `addedUs` of its own that is above all before it in the
   * collection: the clock, or where that is not above, the last one and a random 1 to 256 more, so that a gap between two does not
   * tell a reader that there is an object which it may not see. Resolves when they survive a loss of power. What is there
   * already is left as it is.
   */
  addObjects(collectionId: string, objects: readonly NewObject[]): Promise<readonly AddResult[]>;
  /** Removes those versions of an object that the query chooses among the ones which this member sent; returns how many. Null: whoever sent them. */
  removeObject(
    collectionId: string,
    objectId: string,
    query: VersionQuery,
    memberId: string | null,
  ): Promise<number>;
  /** Kept for 24 hours at least. */
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
  /** Versions as microseconds, or words; any of them. */
  readonly versions: readonly ('first' | 'last' | 'all' | number)[];
  /** Null: the latest specification version that the collection has of each object. */
  readonly specVersions: readonly string[] | null;
}

/** Who reads. What is marked above `clearance` and was not made under `identity` is as if it were not there: it is not counted and displaces nothing. */
export interface Reader {
  /** Place in `TLP_LEVELS`. */
  readonly clearance: number;
  readonly identity: string;
}

/**
 * The version that a query chooses is chosen among what the reader may see: first those of the right specification version, of
 * these the first, the last, or those named. Versions whose markings have to be judged (`clearance` null, made by another)
 * take part, but displace no other; where one would, what it would displace is `contested`.
 */
export interface ObjectQuery extends VersionQuery {
  /** Null: the hub itself, which sees everything. */
  readonly reader: Reader | null;
  /** Only what was added after this; 0 for all. Applied last: it does not change which version is the first or last. */
  readonly afterUs: number;
  readonly limit: number;
  /** The row that brings the bytes of the texts above this is the last one. */
  readonly maxBytes: number;
  /** Null: any. */
  readonly ids: readonly string[] | null;
  readonly types: readonly string[] | null;
}

export interface ObjectPage {
  readonly objects: readonly StoredObject[];
  /** Whether the query chooses more after these. */
  readonly hasMore: boolean;
}

export interface NewObject {
  readonly id: string;
  readonly type: string;
  /** `created_by_ref`; null where there is none. */
  readonly createdByRef: string | null;
  /** Member that sent it. */
  readonly memberId: string;
  /** `modified`, or `created`; null for what has neither: then the time of its addition. */
  readonly versionUs: number | null;
  /** The text of that time as the object has it; the wire shows it unchanged. Null with `versionUs`. */
  readonly versionText: string | null;
  readonly specVersion: string;
  readonly mediaType: string;
  /** Ready to serve: RFC 8785. */
  readonly json: string;
  /** Place in `TLP_LEVELS` that suffices to read the object whole; null when each reader must be judged. */
  readonly clearance: number | null;
  /** Only in imports: when it was added, unless the collection has something later; then just after that. */
  readonly addedUs?: number;
}

export interface StoredObject extends Omit<NewObject, 'versionUs' | 'versionText' | 'addedUs'> {
  readonly addedUs: number;
  readonly versionUs: number;
  /** For what has no version of its own, `addedUs` with six decimals. */
  readonly versionText: string;
  /** A version that must be judged may displace this one. */
  readonly contested: boolean;
}

/**
 * - `present`: the same id, version and text is there; of an object without versions, any with the same id and text.
 * - `differs`: the same id and version is there with other text, and stays as it is. An object without versions never differs: another text is a further version.
 */
export type AddResult = 'added' | 'present' | 'differs';

/** A status resource as it is served: ready JSON. */
export interface StoredStatus {
  readonly id: string;
  readonly requestUs: number;
  readonly json: string;
}
