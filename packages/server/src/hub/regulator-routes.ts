import { createRoute, z } from '@hono/zod-openapi';
import { findAlarms } from '@phalanx/coalition/trust';
import type { Clock } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import { type Api, jsonContent, REFUSALS, requireRole, wholeNumber } from '../http/api.js';
import { RequestRate } from '../http/request-rate.js';

const PAGE = 500;
const MAX_FEED = 10_000;

const statementsSchema = z
  .object({
    statements: z.array(z.object({ number: z.int(), statement: z.record(z.string(), z.unknown()) })),
  })
  .openapi('HubStatements');
const alarmsSchema = z
  .object({
    alarms: z.array(z.object({ member: z.string(), seq: z.int(), objectId: z.string(), lateMs: z.int() })),
    /** Labs whose submissions of level 2 were false in this epoch, with how many. */
    falseSubmissions: z.array(z.object({ member: z.string(), count: z.int() })),
  })
  .openapi('Alarms');

/** For regulators: what the hub states. For operators: who is late, and who submits what is false. Neither shows an indicator. */
export function addRegulatorRoutes(
  api: Api,
  store: ControlStore,
  clock: Clock,
  nameFalse: () => Promise<ReadonlyMap<string, number>>,
): void {
  const rate = new RequestRate(60, 2);
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/statements',
      summary: 'For regulators: receipts and decisions, in order, 500 at a time. Digests, never indicators.',
      request: { query: z.object({ after: wholeNumber(Number.MAX_SAFE_INTEGER).optional() }) },
      responses: { 200: jsonContent(statementsSchema, 'Statements.'), ...REFUSALS },
    }),
    async (context) => {
      rate.take(requireRole(context, 'regulator'));
      const rows = await store.statements.list(context.req.valid('query').after ?? 0, PAGE);
      return context.json(
        { statements: rows.map(({ number, text }) => ({ number, statement: JSON.parse(text) })) },
        200,
      );
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/alarms',
      summary:
        'For operators: labs that have not acknowledged a retraction in time, and labs whose submissions were false.',
      responses: { 200: jsonContent(alarmsSchema, 'Alarms.'), ...REFUSALS },
    }),
    async (context) => {
      rate.take(requireRole(context, 'operator'));
      const labs = (await store.members.listMembers()).filter(
        ({ roles, suspendedAtMs }) => roles.includes('lab') && suspendedAtMs === null,
      );
      const feed = await store.retractions.listRetractions(0, MAX_FEED);
      const acknowledged = await store.retractions.listAcknowledgements();
      const alarms = findAlarms(
        feed,
        acknowledged,
        labs.map(({ id }) => id),
        clock.nowMs(),
      );
      const falseSubmissions = [...(await nameFalse())].map(([member, count]) => ({ member, count }));
      return context.json({ alarms: [...alarms], falseSubmissions }, 200);
    },
  );
}
