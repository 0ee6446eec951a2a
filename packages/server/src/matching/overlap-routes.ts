import { createRoute, z } from '@hono/zod-openapi';
import { type Api, jsonBody, jsonContent, REFUSALS, refuseWith, requireRole } from '../http/api.js';
import { RequestRate } from '../http/request-rate.js';
import { OVERLAP_STEPS, type OverlapMailbox } from './overlap-mailbox.js';

/** Characters of one message of level 0: 131,072 points and the rest. */
export const MAX_OVERLAP_TEXT = 6 * 1_048_576;

const lab = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
const run = z.string().regex(/^[0-9a-f]{64}$/);
const step = z.enum(OVERLAP_STEPS);
/** Databases refuse the character of code 0. */
const isKeepable = (text: string) => !text.includes('\0');
const grantSchema = z
  .strictObject({
    untilMs: z.int().min(0),
    /** What counsel has signed. */
    statement: z.string().min(1).max(16_384).refine(isKeepable),
  })
  .openapi('OverlapGrant');
const runSchema = z.strictObject({ run, peer: lab }).openapi('OverlapRun');
const messageSchema = z
  .strictObject({ message: z.string().max(MAX_OVERLAP_TEXT).refine(isKeepable) })
  .openapi('OverlapMessage');

/** Level 0: messages between two labs. private-matching.md, section 4. */
export function addOverlapRoutes(api: Api, mailbox: OverlapMailbox): void {
  const rate = new RequestRate(100, 5);
  api.openapi(
    createRoute({
      method: 'put',
      path: '/coalition/v1/overlaps/grants/{peer}',
      summary: 'Permits runs with another lab, until then. Both must.',
      request: { params: z.object({ peer: lab }), ...jsonBody(grantSchema) },
      responses: { 204: { description: 'Permitted.' }, ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      rate.take(member);
      const { untilMs, statement } = context.req.valid('json');
      await mailbox.grant(member, context.req.valid('param').peer, untilMs, statement);
      return context.body(null, 204);
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/overlaps',
      summary: 'Begins a run.',
      request: jsonBody(runSchema),
      responses: { 204: { description: 'Begun.' }, ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      rate.take(member);
      const { run: name, peer } = context.req.valid('json');
      await mailbox.begin(member, peer, name);
      return context.body(null, 204);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/overlaps',
      summary: 'Runs of this epoch that the lab that asks is in.',
      responses: {
        200: jsonContent(z.object({ runs: z.array(runSchema) }), 'Runs, with the other lab.'),
        ...REFUSALS,
      },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      rate.take(member);
      const runs = await mailbox.list(member);
      const named = runs.map((one) => ({ run: one.run, peer: one.lab === member ? one.peer : one.lab }));
      return context.json({ runs: named }, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'put',
      path: '/coalition/v1/overlaps/{run}/{step}',
      summary: 'Says something to the other lab.',
      request: { params: z.object({ run, step }), ...jsonBody(messageSchema) },
      responses: { 204: { description: 'Kept.' }, 404: { description: 'No such run.' }, ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      rate.take(member);
      const { run: name, step: at } = context.req.valid('param');
      const isKept = await mailbox.say(member, name, at, context.req.valid('json').message);
      if (!isKept) refuseWith(404, 'there is no such run');
      return context.body(null, 204);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/overlaps/{run}/{step}',
      summary: 'What the other lab says, once both have said theirs.',
      request: { params: z.object({ run, step }) },
      responses: {
        200: jsonContent(messageSchema, 'Its message.'),
        204: { description: 'Not yet, or no such run.' },
        ...REFUSALS,
      },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      rate.take(member);
      const { run: name, step: at } = context.req.valid('param');
      const message = await mailbox.hear(member, name, at);
      return message === null ? context.body(null, 204) : context.json({ message }, 200);
    },
  );
}
