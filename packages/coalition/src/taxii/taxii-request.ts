import type { Clock } from '@phalanx/core';
import type { Caller, Member } from '../identity/member.js';
import type { SignerKey } from '../stix/signed-object.js';
import type { StixObject } from '../stix/stix-object.js';
import type { TaxiiStore } from './taxii-store.js';
import type { Turns } from './turns.js';

/** What a collection has of what a member sent: taken now, or there already. What was refused is not among it. */
export interface TakenObjects {
  readonly member: Member;
  readonly rootPath: string;
  readonly collectionId: string;
  /** One at least. */
  readonly objects: readonly StixObject[];
  readonly headers: Headers;
}

/** What a hub is to its endpoints. */
export interface TaxiiHub {
  readonly store: TaxiiStore;
  /** Where members reach the hub: `https://hub.example`, without a slash at its end. What a request names as host counts for nothing. */
  readonly publicUrl: string;
  readonly title: string;
  readonly description: string | null;
  readonly contact: string | null;
  /** 32 bytes, the same in every process of the hub; with a new one, readers begin their pages again. */
  readonly cursorKey: Uint8Array;
  /** Keys of labs by `kid`. Null: signatures are not looked at. */
  readonly findKeys: (() => Promise<ReadonlyMap<string, SignerKey>>) | null;
  /**
   * Identities of all members and their pseudonyms, suspended and past ones too: for none of them does another hub speak without a signature.
   * Null: of those alone that have keys in `findKeys`.
   */
  readonly findMakers: (() => Promise<ReadonlySet<string>>) | null;
  /** Identities under which a member may write in a collection: its own, or its pseudonyms in a group. */
  readonly listAuthors: (member: Member, collectionId: string) => Promise<ReadonlySet<string>>;
  /** Told before the sender is answered; what rejects keeps the answer back, and the sender sends again. */
  readonly noteTaken: ((taken: TakenObjects) => Promise<void>) | null;
  readonly clock: Clock;
  /** By collection: who looks at what stands there and then writes. */
  readonly turns: Turns;
}

/** Names in a path, as far as the endpoint has them. */
export interface PathNames {
  readonly root: string;
  readonly collection: string;
  readonly object: string;
  readonly status: string;
}

/** A request of a member to an endpoint. */
export interface TaxiiRequest {
  readonly hub: TaxiiHub;
  readonly caller: Caller;
  readonly names: PathNames;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly atMs: number;
}

/** @throws TaxiiRefusal for what is not answered as asked */
export type Endpoint = (asked: TaxiiRequest) => Promise<Response>;
