import { createRoute } from '@hono/zod-openapi';
import {
  epochOf,
  evaluationRequestSchema,
  keyGroupSchema,
  partialEvaluationSchema,
  setDeclarationSchema,
} from '@phalanx/coalition/matching';
import type { Clock } from '@phalanx/core';
import {
  type Api,
  type Authenticate,
  answerMessage,
  describeApi,
  jsonBody,
  jsonContent,
  makeApi,
  REFUSALS,
  refuseWith,
  requireCaller,
  requireRole,
} from '../http/api.js';
import { Metrics } from '../http/metrics.js';
import { RequestRate } from '../http/request-rate.js';
import type { KeyServer } from './key-server.js';
import { quotaSchema } from './matching-messages.js';

/** A key server over HTTP, for labs. Its register of labs is its own, so that a hub cannot give itself a quota. */
export function makeKeyServerApi(
  server: KeyServer,
  {
    authenticate,
    clock,
    onError,
    metrics = new Metrics(),
  }: {
    readonly authenticate: Authenticate;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
    readonly metrics?: Metrics;
  },
): Api {
  const api = makeApi(onError);
  const rate = new RequestRate(100, 20);
  const epoch = () => epochOf(clock.nowMs());
  describeApi(api, 'Key server of a coalition');
  requireCaller(api, '/coalition/*', authenticate);
  api.use('/coalition/*', async (context, next) => {
    rate.take(context.get('caller').member.id);
    await next();
  });
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/key-group',
      summary: 'The key of this epoch, as this server has it.',
      responses: {
        200: jsonContent(keyGroupSchema, 'The key group.'),
        404: { description: 'None yet.' },
        ...REFUSALS,
      },
    }),
    (_context) => {
      const share = server.find(epoch());
      if (share === null) return refuseWith(404, 'there is no key yet');
      return answerMessage(keyGroupSchema, share.group);
    },
  );
  api.openapi(
    createRoute({
      method: 'put',
      path: '/coalition/v1/declaration',
      summary: 'Declares the set of the lab that asks: private-matching.md, sections 4 and 8.',
      request: jsonBody(setDeclarationSchema),
      responses: { 200: jsonContent(quotaSchema, 'What the lab may ask for.'), ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      const remaining = await server.declare(member, context.req.valid('json'));
      return context.json({ epoch: epoch(), remaining }, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/quota',
      summary: 'What the lab that asks may still ask for.',
      responses: { 200: jsonContent(quotaSchema, 'What is left.'), ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      return context.json({ epoch: epoch(), remaining: await server.remaining(member) }, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/evaluations',
      summary: 'Evaluates blinded points: private-matching.md, section 5.',
      request: jsonBody(evaluationRequestSchema),
      responses: { 200: jsonContent(partialEvaluationSchema, 'This server’s part.'), ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'lab');
      const request = context.req.valid('json');
      const answer = await server.evaluate(member, request);
      metrics.count('phalanx_evaluations_total', {}, request.points.length);
      return answerMessage(partialEvaluationSchema, answer);
    },
  );
  return api;
}
