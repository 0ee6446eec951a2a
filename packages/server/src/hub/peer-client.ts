import type { CoalitionErrorCode } from '@phalanx/coalition';
import { authorizeByCertificate, type ClientAuthorizer } from '@phalanx/coalition/identity';
import { decodeMessage, encodeMessage } from '@phalanx/coalition/matching';
import { PhalanxError } from '@phalanx/core';
import type { z } from 'zod';
import type { Sender } from '../http/https-sender.js';

/** Refusals by status, as the errors that they were at the other end. */
const CODES: Readonly<Record<number, CoalitionErrorCode>> = {
  400: 'COALITION_MATCHING',
  401: 'COALITION_IDENTITY',
  403: 'COALITION_POLICY',
  404: 'COALITION_MATCHING',
  409: 'COALITION_TRUST',
  413: 'COALITION_LIMIT',
  429: 'COALITION_LIMIT',
  503: 'COALITION_LIMIT',
};

/** One party of a coalition, as another reaches it over HTTP. */
export class PeerClient {
  readonly #url: string;
  readonly #send: Sender;
  readonly #authorize: ClientAuthorizer;

  /** @param url without a path, as `https://hub.example` */
  constructor(url: string, send: Sender, authorize: ClientAuthorizer = authorizeByCertificate) {
    this.#url = url.replace(/\/$/, '');
    this.#send = send;
    this.#authorize = authorize;
  }

  /**
   * Asks and reads the answer; null for 204.
   *
   * @throws PhalanxError as the other refused, retryable where it says `Retry-After`; `COALITION_MATCHING` for an answer of another shape
   */
  async ask<A extends z.ZodType>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    answer: { readonly schema: A; readonly mostText?: number },
    body?: string,
  ): Promise<z.output<A> | null> {
    const response = await this.call(method, path, body);
    if (response.status === 204) return null;
    return decodeMessage(answer.schema, await response.text(), answer.mostText ?? 1_048_576);
  }

  /** Says something that needs no answer. @throws as `ask` */
  async tell<B extends z.ZodType>(
    method: 'POST' | 'PUT',
    path: string,
    schema: B,
    body: z.output<B>,
  ): Promise<void> {
    await this.call(method, path, encodeMessage(schema, body));
  }

  /** @param headers in place of JSON's */
  async call(
    method: string,
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
  ): Promise<Response> {
    const request = new Request(this.#url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    const response = await this.#send(await this.#authorize(request));
    if (response.ok) return response;
    const { status } = response;
    throw new PhalanxError<CoalitionErrorCode>(
      CODES[status] ?? 'COALITION_MATCHING',
      `${this.#url} answered ${status}: ${await readTitle(response)}`,
      { retryable: response.headers.has('retry-after'), advice: 'See what the other says.' },
    );
  }
}

/** `title` of problem details, as far as it is text of ours to show. */
async function readTitle(response: Response): Promise<string> {
  try {
    const { title, detail } = (await response.json()) as { title?: unknown; detail?: unknown };
    const text = [title, detail].filter((one) => typeof one === 'string').join('. ');
    return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
  } catch {
    return 'no words';
  }
}
