import type { CoalitionErrorCode } from '@phalanx/coalition';
import {
  type AuthMethod,
  answerHubKeys,
  answerMetadata,
  answerTokenRequest,
  authenticate,
  type ClientKey,
  type HubIdentity,
  IDENTITY_PATHS,
  isActive,
  listChallenges,
  PasswordGate,
  type Refusal,
} from '@phalanx/coalition/identity';
import { TaxiiServer } from '@phalanx/coalition/taxii';
import {
  type Clock,
  type Connection,
  type ConnectionHandler,
  PhalanxError,
  systemClock,
} from '@phalanx/core';
import type { ControlStore, EpochKeys } from '@phalanx/store/control';
import { addCeremonyRoutes } from '../ceremony/ceremony-routes.js';
import { KeyCeremony } from '../ceremony/key-ceremony.js';
import type { KeyRoster } from '../ceremony/key-roster.js';
import { DESCRIPTION_PATH, describeApi, makeApi, requireCaller } from '../http/api.js';
import { Metrics } from '../http/metrics.js';
import { addOperationRoutes } from '../http/operation-routes.js';
import { problem } from '../http/problem.js';
import { MatchingRoom } from '../matching/matching-room.js';
import { addMatchingRoutes } from '../matching/matching-routes.js';
import { OverlapMailbox } from '../matching/overlap-mailbox.js';
import { addOverlapRoutes } from '../matching/overlap-routes.js';
import { FeedBell } from './feed-bell.js';
import { listMakers, listSignerKeys, listWriters, noteObjects } from './hub-receipts.js';
import { addIdentityRoutes } from './identity-routes.js';
import { addMemberRoutes } from './member-routes.js';
import { addRegulatorRoutes } from './regulator-routes.js';
import { addRetractionRoutes } from './retraction-routes.js';

/** All that a hub is made of. */
export interface HubSettings {
  readonly store: ControlStore;
  readonly epochKeys: EpochKeys;
  /** What callers write before the path, as `https://hub.example`: in tokens, signatures and TAXII's discovery. */
  readonly publicUrl: string;
  readonly title: string;
  /** Sign tokens; the first signs. */
  readonly identityKeys: readonly ClientKey[];
  /** 32 secret bytes each, the same after a restart. */
  readonly cursorKey: Uint8Array;
  readonly dpopSecret: Uint8Array;
  /** Null: this hub has no private matching. */
  readonly roster: KeyRoster | null;
  /** Labs that must have seen a value before anybody learns it. */
  readonly matchingThreshold: number;
  readonly clock?: Clock;
  /** How long a step of making a key waits for who is missing. Default: ten minutes. */
  readonly keyStepMs?: number;
  /** Learns why somebody was refused, and faults. */
  readonly onRefusal: (refusal: Refusal) => void;
  readonly onError: (error: unknown) => void;
}

/** A hub, without sockets. */
export interface Hub {
  /** For a listener whose callers may show who they are by these. */
  handlerFor(methods: readonly AuthMethod[]): ConnectionHandler;
  /** `/health`, `/ready`, `/metrics`: for loopback. */
  readonly operations: ConnectionHandler;
  readonly ceremony: KeyCeremony | null;
  readonly room: MatchingRoom;
  /** Ends epochs that are over. Call it every minute or so. */
  tick(): Promise<void>;
}

/** Puts a hub together. It owns none of what it is given: close the store after the listeners. */
export function openHub(settings: HubSettings): Hub {
  const { store, clock = systemClock, publicUrl, onError, onRefusal, roster } = settings;
  const { members } = store;
  const identity: HubIdentity = {
    issuer: publicUrl,
    keys: settings.identityKeys,
    clock,
    members,
    nonces: store.nonces(clock),
    dpopSecret: settings.dpopSecret,
    log: onRefusal,
  };
  const metrics = new Metrics();
  const passwords = new PasswordGate(members, clock);
  const room = new MatchingRoom({
    batches: store.matchingBatches(settings.epochKeys),
    clock,
    threshold: settings.matchingThreshold,
    isActive: async (lab) => isActive(await members.findMember(lab)),
  });
  const ceremony =
    roster === null
      ? null
      : new KeyCeremony({
          envelopes: store.keyEnvelopes,
          roster,
          clock,
          stepMs: settings.keyStepMs ?? 600_000,
        });
  const mailbox = new OverlapMailbox(store.overlaps, clock);
  const operations = makeApi(onError);
  addOperationRoutes(operations, metrics, async () => {
    await members.findMember('nobody');
    return true;
  });

  const bell = new FeedBell();
  // One for all listeners: it works on writes one after the other.
  const taxii = new TaxiiServer({
    store: store.taxii,
    publicUrl,
    title: settings.title,
    cursorKey: settings.cursorKey,
    challenge: listChallenges([]),
    clock,
    findKeys: () => listSignerKeys(store, clock.nowMs()),
    findMakers: () => listMakers(store),
    listAuthors: (member, collectionId) => listWriters(store, member, collectionId, clock.nowMs()),
    noteTaken: async (taken) => {
      try {
        if (await noteObjects(taken, store, clock, publicUrl)) bell.ring();
      } catch (cause) {
        onError(cause);
        throw new PhalanxError<CoalitionErrorCode>('COALITION_LIMIT', 'taken, and not stated yet', {
          advice: 'Send the same again.',
          retryable: true,
          cause,
        });
      }
    },
  });

  const handlerFor = (methods: readonly AuthMethod[]): ConnectionHandler => {
    const identify = (request: Request, connection: Connection) =>
      authenticate(request, connection, { ...identity, methods, passwords });
    const api = makeApi(onError);
    requireCaller(api, '/coalition/*', identify);
    describeApi(api, 'Hub of a coalition');
    addMemberRoutes(api, store, clock);
    addIdentityRoutes(api, store, { ...identity, members });
    addRetractionRoutes(api, store, clock, bell);
    addRegulatorRoutes(api, store, clock, () => room.nameFalse());
    if (ceremony !== null) addCeremonyRoutes(api, ceremony);
    addMatchingRoutes(api, room, clock, metrics);
    addOverlapRoutes(api, mailbox);
    return async (request, connection) => {
      const { pathname } = new URL(request.url);
      const isOldClient = methods.includes('basic');
      if (pathname.startsWith('/coalition/') || pathname === DESCRIPTION_PATH)
        return isOldClient ? problem(404, 'there is nothing here') : api.fetch(request, { connection });
      if (pathname === IDENTITY_PATHS.token) return answerTokenRequest(request, connection, identity);
      if (pathname === IDENTITY_PATHS.keys) return answerHubKeys(identity);
      if (pathname === IDENTITY_PATHS.metadata) return answerMetadata(identity);
      metrics.count('phalanx_taxii_requests_total');
      const caller = await identify(request, connection);
      const answer = await taxii.handle(request, caller);
      if (caller === null) answer.headers.set('www-authenticate', listChallenges(methods));
      return answer;
    };
  };
  return {
    handlerFor,
    operations: async (request, connection) => operations.fetch(request, { connection }),
    ceremony,
    room,
    tick: async () => {
      await room.tick();
      await ceremony?.tick();
    },
  };
}
