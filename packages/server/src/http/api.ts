import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Caller, MemberRole } from '@phalanx/coalition/identity';
import { encodeMessage } from '@phalanx/coalition/matching';
import { type Connection, utf8 } from '@phalanx/core';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { answerError, answerUnauthorized, problem } from './problem.js';

/** Says who asks; null when that cannot be established. */
export type Authenticate = (request: Request, connection: Connection) => Promise<Caller | null>;

/** What a handler finds beside the request. */
export interface ApiEnv {
  Bindings: { readonly connection: Connection };
  Variables: { caller: Caller };
}
export type Api = OpenAPIHono<ApiEnv>;

/** Routes whose requests are checked against their schemas before a handler sees them; failures are problem details. */
export function makeApi(onError: (error: unknown) => void): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const { path, message } = result.error.issues[0]!;
      return problem(
        400,
        'the request does not fit its schema',
        `${path.join('.') || 'root'}: ${message}`.slice(0, 200),
      );
    },
  });
  api.notFound(() => problem(404, 'there is nothing here'));
  api.onError((error) => {
    const answer = answerError(error);
    if (answer !== null) return answer;
    if (error instanceof HTTPException) {
      if (error.res !== undefined) return error.getResponse();
      // Thrown by the framework for a body that is no JSON, or of another type.
      return problem(
        error.status,
        error.status === 415 ? 'the body must be application/json' : 'the body is not JSON',
      );
    }
    onError(error);
    return problem(500, 'a fault of the server');
  });
  return api;
}

/** Where a party describes itself. */
export const DESCRIPTION_PATH = '/openapi.json';

/** Shows the description of all routes, in OpenAPI 3.1. It holds nothing of anybody, and anybody may read it. */
export function describeApi(api: Api, title: string): void {
  api.doc31(DESCRIPTION_PATH, {
    openapi: '3.1.0',
    info: { title, version: '1', license: { name: 'Apache-2.0' } },
  });
}

/** From here on nobody is served who is not known. */
export function requireCaller(api: Api, paths: string, authenticate: Authenticate): void {
  api.use(paths, async (context, next) => {
    const caller = await authenticate(context.req.raw, context.env.connection);
    if (caller === null || caller.member.suspendedAtMs !== null) return answerUnauthorized();
    context.set('caller', caller);
    await next();
    return;
  });
}

/** The caller's id. @throws HTTPException 403 when it has none of these roles */
export function requireRole(context: Context<ApiEnv>, ...roles: readonly MemberRole[]): string {
  const { member } = context.get('caller');
  if (!roles.some((role) => member.roles.includes(role)))
    refuseWith(403, 'this is not for you', `It is for: ${roles.join(', ')}.`);
  return member.id;
}

/** @throws HTTPException always */
export function refuseWith(status: 403 | 404, title: string, detail?: string): never {
  throw new HTTPException(status, { res: problem(status, title, detail) });
}

/** A message of private matching as an answer. */
export function answerMessage<S extends z.ZodType>(schema: S, message: z.output<S>): never {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  // The framework's types take what is in memory for what is on the wire, which differ here.
  return new Response(utf8(encodeMessage(schema, message)), { headers }) as never;
}

/** A whole number in a path or query, 0 to `most`. */
export function wholeNumber(most: number) {
  return z.codec(z.string().regex(/^(?:0|[1-9][0-9]{0,14})$/), z.int().max(most), {
    decode: Number,
    encode: String,
  });
}

/** RFC 9457. */
export const problemSchema = z
  .object({ status: z.int(), title: z.string(), detail: z.string().optional() })
  .openapi('Problem');

const problemContent = { 'application/problem+json': { schema: problemSchema } };

/** What every route behind `requireCaller` may refuse with. */
export const REFUSALS = {
  400: { description: 'Malformed, or of another epoch.', content: problemContent },
  401: { description: 'Who asks is not known, or suspended.', content: problemContent },
  403: { description: 'Not for this role.', content: problemContent },
  429: { description: 'More than is allowed now, or in this epoch.', content: problemContent },
} as const;

export function jsonContent<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

export function jsonBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { 'application/json': { schema } } } };
}
