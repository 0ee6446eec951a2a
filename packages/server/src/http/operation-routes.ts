import { createRoute, z } from '@hono/zod-openapi';
import { type Api, jsonContent } from './api.js';
import type { Metrics } from './metrics.js';
import { problem } from './problem.js';

const stateSchema = z.object({ state: z.literal('ok') }).openapi('Health');

/**
 * `/health`: the process answers. `/ready`: it can do its work. `/metrics`: counters. They say nothing about members, and are for
 * loopback: the listeners for strangers do not have them.
 */
export function addOperationRoutes(api: Api, metrics: Metrics, isReady: () => Promise<boolean>): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/health',
      responses: { 200: jsonContent(stateSchema, 'The process answers.') },
    }),
    (context) => context.json({ state: 'ok' as const }, 200),
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/ready',
      responses: { 200: jsonContent(stateSchema, 'It can do its work.'), 503: { description: 'It cannot.' } },
    }),
    async (context) => {
      if (!(await isReady().catch(() => false)))
        return problem(503, 'not ready', undefined, { 'retry-after': '5' });
      return context.json({ state: 'ok' as const }, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/metrics',
      responses: {
        200: { description: 'Prometheus text.', content: { 'text/plain': { schema: z.string() } } },
      },
    }),
    (context) =>
      context.text(metrics.format(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
}
