import { PhalanxError } from '@phalanx/core';
import type { CoalitionErrorCode } from '../coalition-error.js';

/** Why a request is not answered as asked, in the terms of HTTP. Within this folder; a server turns it into an error message. */
export class TaxiiRefusal extends PhalanxError<CoalitionErrorCode> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, description: string, headers: Readonly<Record<string, string>>) {
    super('COALITION_TAXII', description, { retryable: status === 429 || status === 503 });
    this.status = status;
    this.headers = headers;
  }
}

/** @throws TaxiiRefusal always */
export function refuseRequest(
  status: number,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): never {
  throw new TaxiiRefusal(status, description, headers);
}
