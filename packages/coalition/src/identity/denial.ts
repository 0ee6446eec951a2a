import { PhalanxError } from '@phalanx/core';
import { refuse } from '../coalition-error.js';

/** @throws PhalanxError `COALITION_IDENTITY` always; the message is for the log, never for who asked */
export function deny(message: string): never {
  return refuse('COALITION_IDENTITY', message, 'answer that who asks is unknown, and nothing more');
}

/** Denies for what a parser or verifier of others has thrown: its kind, not its words, which may quote. What is denied already stays so. */
export function denyFor(message: string, error: unknown): never {
  if (PhalanxError.is(error)) throw error;
  return deny(`${message}: ${(error as Error).name}`);
}
