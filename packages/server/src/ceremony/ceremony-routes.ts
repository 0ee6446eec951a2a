import { createRoute, z } from '@hono/zod-openapi';
import { MAX_SERVERS } from '@phalanx/coalition/matching';
import { type Api, jsonBody, jsonContent, REFUSALS, requireRole, wholeNumber } from '../http/api.js';
import type { KeyCeremony } from './key-ceremony.js';
import { KEY_STEPS, keyEnvelopeSchema } from './key-envelope.js';
import { keyRosterSchema } from './key-roster.js';

const number = z.int().min(1).max(MAX_SERVERS);
const epoch = wholeNumber(0xffffffff);

export const ceremonyViewSchema = z
  .object({
    epoch: z.int(),
    attempt: z.int(),
    step: z.enum([...KEY_STEPS, 'made']),
    closesMs: z.int().nullable(),
    heard: z.array(number),
    parties: z.array(number),
    restarts: z.array(number),
  })
  .openapi('KeyCeremony');
export const envelopesSchema = z
  .strictObject({
    envelopes: z
      .array(keyEnvelopeSchema)
      .min(0)
      .max(2 * MAX_SERVERS),
  })
  .openapi('KeyEnvelopes');

/** Making keys: `docs/spec/coalition-hub.md`, section "Making a key". */
export function addCeremonyRoutes(api: Api, ceremony: KeyCeremony): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/keys/roster',
      summary: 'Who makes keys. Compare it with the file that you were given; do not take it from here.',
      responses: { 200: jsonContent(keyRosterSchema, 'The roster.'), ...REFUSALS },
    }),
    (context) => {
      requireRole(context, 'lab', 'key-server', 'operator');
      return context.json(ceremony.roster, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/keys/{epoch}',
      summary: 'What key servers have signed of the key of an epoch. Empty until it is made.',
      request: { params: z.object({ epoch }) },
      responses: { 200: jsonContent(envelopesSchema, 'Envelopes of the step `ready`.'), ...REFUSALS },
    }),
    async (context) => {
      requireRole(context, 'lab', 'key-server', 'operator');
      return context.json({ envelopes: await ceremony.confirmations(context.req.valid('param').epoch) }, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/keys/{epoch}/ceremony',
      summary: 'Where the making of a key stands.',
      request: { params: z.object({ epoch }) },
      responses: { 200: jsonContent(ceremonyViewSchema, 'Where it stands.'), ...REFUSALS },
    }),
    async (context) => {
      requireRole(context, 'lab', 'key-server', 'operator');
      return context.json(plain(await ceremony.view(context.req.valid('param').epoch)), 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/keys/{epoch}/ceremony',
      summary: 'Says what one key server says in one step.',
      request: { params: z.object({ epoch }), ...jsonBody(envelopesSchema) },
      responses: { 200: jsonContent(ceremonyViewSchema, 'Where it stands now.'), ...REFUSALS },
    }),
    async (context) => {
      const member = requireRole(context, 'key-server');
      return context.json(plain(await ceremony.post(member, context.req.valid('json').envelopes)), 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/keys/{epoch}/ceremony/{attempt}/{step}',
      summary: 'What was said in a step that is closed: to all, and to who asks.',
      request: {
        params: z.object({
          epoch,
          attempt: wholeNumber(0x7fffffff),
          step: z.enum(KEY_STEPS),
        }),
      },
      responses: {
        200: jsonContent(envelopesSchema, 'Envelopes.'),
        204: { description: 'The step is open, or the attempt is over.' },
        ...REFUSALS,
      },
    }),
    async (context) => {
      const member = requireRole(context, 'key-server');
      const { epoch: of, attempt, step } = context.req.valid('param');
      const envelopes = await ceremony.list(member, of, attempt, step);
      if (envelopes === null) return context.body(null, 204);
      return context.json({ envelopes }, 200);
    },
  );
}

function plain<
  T extends { heard: readonly number[]; parties: readonly number[]; restarts: readonly number[] },
>(view: T) {
  return { ...view, heard: [...view.heard], parties: [...view.parties], restarts: [...view.restarts] };
}
