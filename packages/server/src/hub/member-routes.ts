import { createRoute, z } from '@hono/zod-openapi';
import { TLP_LEVELS } from '@phalanx/coalition';
import { listGroupNames, MEMBER_ROLES } from '@phalanx/coalition/identity';
import type { Clock } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import { type Api, jsonContent, REFUSALS, refuseWith } from '../http/api.js';

const selfSchema = z
  .object({
    id: z.string(),
    identity: z.string(),
    clearance: z.enum(TLP_LEVELS),
    roles: z.array(z.enum(MEMBER_ROLES)),
    groups: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        visibility: z.enum(['visible', 'hidden']),
        epochDays: z.int(),
      }),
    ),
  })
  .openapi('Self');
const namesSchema = z
  .object({
    names: z.array(
      z.object({ identity: z.string(), certificate: z.string(), memberId: z.string().nullable() }),
    ),
  })
  .openapi('GroupNames');

/** What a member may know of itself and of its groups. There is no list of members. */
export function addMemberRoutes(api: Api, { groups }: ControlStore, clock: Clock): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/me',
      summary: 'The member that asks, as the hub knows it.',
      responses: { 200: jsonContent(selfSchema, 'The member.'), ...REFUSALS },
    }),
    async (context) => {
      const { id, identity, clearance, roles } = context.get('caller').member;
      return context.json(
        { id, identity, clearance, roles: [...roles], groups: await groups.listGroups(id) },
        200,
      );
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/coalition/v1/groups/{group}/names',
      summary:
        'Names in a group of the member that asks. Who is behind them is told where the group shows it.',
      request: { params: z.object({ group: z.uuid() }) },
      responses: {
        200: jsonContent(namesSchema, 'Names.'),
        404: { description: 'No such group, or not in it.' },
        ...REFUSALS,
      },
    }),
    async (context) => {
      const { member } = context.get('caller');
      const names = await listGroupNames(context.req.valid('param').group, member, groups, clock.nowMs());
      if (names === null) return refuseWith(404, 'there is no such group');
      return context.json({ names: [...names] }, 200);
    },
  );
}
