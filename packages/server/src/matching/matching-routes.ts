import { createRoute } from '@hono/zod-openapi';
import {
  EPOCH_MS,
  epochOf,
  lookupAnswerSchema,
  lookupRequestSchema,
  revealBatchSchema,
  tokenSightingsSchema,
} from '@phalanx/coalition/matching';
import { type Clock, toBase64 } from '@phalanx/core';
import { type Api, answerMessage, jsonBody, jsonContent, REFUSALS, requireRole } from '../http/api.js';
import type { Metrics } from '../http/metrics.js';
import { RequestRate } from '../http/request-rate.js';
import { revealSchema, termsSchema } from './matching-messages.js';
import type { MatchingRoom } from './matching-room.js';

/** Levels 1 and 2 at the hub: private-matching.md, section 6. */
export function addMatchingRoutes(api: Api, room: MatchingRoom, clock: Clock, metrics: Metrics): void {
  const gifts = new RequestRate(200, 10);
  const lookups = new RequestRate(5000, 1000);
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/matching',
      summary: 'What labs and hub agree on, and the number of the lab that asks.',
      responses: { 200: jsonContent(termsSchema, 'The terms.'), ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      gifts.take(member);
      const epoch = epochOf(clock.nowMs());
      const place = await room.placeOf(member);
      return context.json({ epoch, endsMs: (epoch + 1) * EPOCH_MS, threshold: room.threshold, place }, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/matching/sightings',
      summary: 'Level 1: tokens of what a lab has seen. The same message again changes nothing.',
      request: jsonBody(tokenSightingsSchema),
      responses: { 204: { description: 'On disk.' }, ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      gifts.take(member);
      await room.addTokens(member, await context.req.text());
      metrics.count('phalanx_token_batches_total');
      return context.body(null, 204);
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/matching/lookups',
      summary: 'Level 1: all tokens with a prefix that enough labs have given.',
      request: jsonBody(lookupRequestSchema),
      responses: {
        200: jsonContent(lookupAnswerSchema, 'A bucket, of the same size for every prefix.'),
        ...REFUSALS,
      },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      lookups.take(member);
      const answer = await room.lookUp(context.req.valid('json'));
      metrics.count('phalanx_lookups_total');
      return answerMessage(lookupAnswerSchema, answer);
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/matching/submissions',
      summary: 'Level 2: sealed sightings. The same message again changes nothing.',
      request: jsonBody(revealBatchSchema),
      responses: { 204: { description: 'On disk.' }, ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      gifts.take(member);
      await room.submit(member, await context.req.text());
      metrics.count('phalanx_submission_batches_total');
      return context.body(null, 204);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/matching/revealed',
      summary: 'Level 2: of what the lab that asks has submitted, what enough others have too.',
      responses: { 200: jsonContent(revealSchema, 'Values that are shared.'), ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      gifts.take(member);
      const { shared, ...own } = await room.revealTo(member);
      return context.json(
        {
          ...own,
          shared: shared.map((one) => ({
            ...one,
            value: toBase64(one.value),
            details: one.details.map(toBase64),
          })),
        },
        200,
      );
    },
  );
}
