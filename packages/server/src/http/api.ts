import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Caller, MemberRole } from '@phalanx/coalition/identity';
import type { Connection } from '@phalanx/ledger';
import type { Context } from 'hono';
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
    // Thrown by the framework for a body that is no JSON, or of another type.
    const status = (error as { status?: unknown }).status;
    if (status === 400) return problem(400, 'the body is not JSON');
    if (status === 415) return problem(415, 'the body must be application/json');
    onError(error);
    return problem(500, 'a fault of the server');
  });
  return api;
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

/** The caller's id; a refusal when it has none of these roles. */
export function memberOf(
  context: Context<ApiEnv>,
  ...roles: readonly MemberRole[]
): { readonly id: string } | { readonly refusal: Response } {
  const { member } = context.get('caller');
  if (roles.some((role) => member.roles.includes(role))) return { id: member.id };
  return { refusal: problem(403, 'this is not for you', `It is for: ${roles.join(', ')}.`) };
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
