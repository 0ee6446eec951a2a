import { createRoute, z } from '@hono/zod-openapi';
import { isActive, type Member } from '@phalanx/coalition/identity';
import { acknowledgeFeed, type Retraction, readFeed } from '@phalanx/coalition/trust';
import type { Clock } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import {
  type Api,
  answerMessage,
  jsonBody,
  jsonContent,
  REFUSALS,
  requireRole,
  wholeNumber,
} from '../http/api.js';
import { answerUnauthorized } from '../http/problem.js';
import { RequestRate } from '../http/request-rate.js';
import type { FeedBell } from './feed-bell.js';
import { maySeeRetraction } from './hub-receipts.js';

/** Longest wait of a poll; an answer takes at most 30 s in all. */
const MAX_WAIT_MS = 25_000;

export const retractionsSchema = z
  .object({
    retractions: z.array(
      z.object({
        seq: z.int().min(1),
        objectId: z.string(),
        digest: z.string(),
        atMs: z.int(),
        object: z.record(z.string(), z.unknown()),
      }),
    ),
    /** Up to where the feed was looked at for this answer: go on from here. */
    upTo: z.int().min(0),
  })
  .openapi('Retractions');
const acknowledgementSchema = z.strictObject({ seq: z.int().min(1) }).openapi('Acknowledgement');

/** What was taken back, as far as who asks may read it. */
export function addRetractionRoutes(api: Api, store: ControlStore, clock: Clock, bell: FeedBell): void {
  const rate = new RequestRate(30, 2);
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/retractions',
      summary: 'Retractions after a place in the feed. Waits for one where there is none, if asked to.',
      request: {
        query: z.object({
          after: wholeNumber(Number.MAX_SAFE_INTEGER).optional(),
          waitMs: wholeNumber(MAX_WAIT_MS).optional(),
        }),
      },
      responses: { 200: jsonContent(retractionsSchema, 'Retractions, in order.'), ...REFUSALS },
    }),
    async (context) => {
      const caller = context.get('caller');
      const member = requireRole(context, 'lab', 'peer-hub');
      rate.take(member);
      const { after = 0, waitMs = 0 } = context.req.valid('query');
      let page = await readFeed(store.retractions, after);
      let reader: Member | null = caller.member;
      if (page.length === 0 && waitMs > 0 && (await bell.wait(member, waitMs))) {
        page = await readFeed(store.retractions, after);
        // Who was suspended while it waited learns nothing.
        reader = await store.members.findMember(member);
        if (!isActive(reader)) return answerUnauthorized() as never;
      }
      const shown: Retraction[] = [];
      for (const one of page)
        if (await maySeeRetraction(one, reader, caller.encrypted, store, clock.nowMs())) shown.push(one);
      // Not who took it back: in a group that hides its members the object's maker is all that may be known.
      const retractions = shown.map(({ seq, objectId, digest, atMs, object }) => ({
        seq,
        objectId,
        digest,
        atMs,
        object: { ...object },
      }));
      return answerMessage(retractionsSchema, { retractions, upTo: page.at(-1)?.seq ?? after });
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/retractions/acknowledgement',
      summary: 'Everything up to this place was applied.',
      request: jsonBody(acknowledgementSchema),
      responses: {
        204: { description: 'Noted.' },
        409: { description: 'The feed has not come so far.' },
        ...REFUSALS,
      },
    }),
    async (context) => {
      const member = requireRole(context, 'lab', 'peer-hub');
      rate.take(member);
      await acknowledgeFeed(store.retractions, {
        member,
        seq: context.req.valid('json').seq,
        atMs: clock.nowMs(),
      });
      return context.body(null, 204);
    },
  );
}
