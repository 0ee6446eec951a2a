import { createRoute, z } from '@hono/zod-openapi';
import {
  carryOutAct,
  type HubIdentity,
  type MemberRegistry,
  readPublicJwk,
  rotateKey,
  takePseudonym,
} from '@phalanx/coalition/identity';
import { canonicalJson } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import { type Api, jsonBody, jsonContent, REFUSALS, requireRole } from '../http/api.js';
import { RequestRate } from '../http/request-rate.js';

const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/);
/** General JSON form of JWS (RFC 7515 section 7.2.1). */
const cosignedSchema = z
  .strictObject({
    payload: base64url.max(65_536),
    signatures: z
      .array(z.strictObject({ protected: base64url.max(1024), signature: base64url.max(128) }))
      .min(1)
      .max(8),
  })
  .openapi('CosignedStatement');
const keySchema = z.object({ kid: z.string(), untilMs: z.int() }).openapi('RegisteredKey');
const pseudonymSchema = z
  .object({ identity: z.string(), epoch: z.int(), certificate: z.string() })
  .openapi('Pseudonym');

/** What members and operators decide about who is known: acts of two operators, rotations of keys, pseudonyms. */
export function addIdentityRoutes(
  api: Api,
  store: ControlStore,
  hub: HubIdentity & { readonly members: MemberRegistry },
): void {
  const rate = new RequestRate(20, 0.5);
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/membership',
      summary: 'For operators: carries out an act that operators have signed.',
      request: jsonBody(cosignedSchema),
      responses: { 204: { description: 'Done, and stated.' }, ...REFUSALS },
    }),
    async (context) => {
      rate.take(requireRole(context, 'operator'));
      const record = (statement: Parameters<typeof canonicalJson>[0]) =>
        store.statements.add(canonicalJson(statement));
      await carryOutAct(context.req.valid('json'), { ...hub, record });
      return context.body(null, 204);
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/coalition/v1/me/key',
      summary: 'Puts a new key in the place of an old one; both have signed.',
      request: jsonBody(cosignedSchema),
      responses: { 200: jsonContent(keySchema, 'The new key.'), ...REFUSALS },
    }),
    async (context) => {
      rate.take(context.get('caller').member.id);
      const { kid, untilMs } = await rotateKey(context.req.valid('json'), hub);
      return context.json({ kid, untilMs }, 200);
    },
  );
  api.openapi(
    createRoute({
      method: 'put',
      path: '/coalition/v1/groups/{group}/pseudonym',
      summary: 'Gives the member that asks its pseudonym in a group for the present epoch.',
      request: {
        params: z.object({ group: z.uuid() }),
        ...jsonBody(z.strictObject({ jwk: z.record(z.string(), z.string()) }).openapi('PseudonymKey')),
      },
      responses: { 200: jsonContent(pseudonymSchema, 'The pseudonym.'), ...REFUSALS },
    }),
    async (context) => {
      const { member } = context.get('caller');
      rate.take(member.id);
      const jwk = readPublicJwk(context.req.valid('json').jwk);
      const group = context.req.valid('param').group;
      const { identity, epoch, certificate } = await takePseudonym(group, member, jwk, store.groups, hub);
      return context.json({ identity, epoch, certificate }, 200);
    },
  );
}
