import { refuse } from '../coalition-error.js';

/** @throws PhalanxError `COALITION_IDENTITY` always; the message is for the log, never for who asked */
export function deny(message: string): never {
  return refuse('COALITION_IDENTITY', message, 'answer that who asks is unknown, and nothing more');
}
