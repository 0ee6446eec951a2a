import { PhalanxError } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { describeEngineError } from './engine-error.js';
import { openControlStore } from './open.js';

describe('describeEngineError', () => {
  const raised = (code: string, message = 'words'): Error => Object.assign(new Error(message), { code });

  it.each([
    ['57014', 'STORE_LIMIT', false],
    ['53300', 'STORE_UNAVAILABLE', true],
    ['53200', 'STORE_LIMIT', false],
    ['57P01', 'STORE_UNAVAILABLE', true],
    ['57P03', 'STORE_UNAVAILABLE', true],
    ['08006', 'STORE_UNAVAILABLE', true],
    ['40P01', 'STORE_UNAVAILABLE', true],
    ['55P03', 'STORE_UNAVAILABLE', true],
    ['28P01', 'STORE_ARGUMENT', false],
    ['3D000', 'STORE_ARGUMENT', false],
    ['22P02', 'STORE_ROW_INVALID', false],
    ['23505', 'STORE_ROW_INVALID', false],
    ['42P01', 'STORE_QUERY', false],
    ['ECONNREFUSED', 'STORE_UNAVAILABLE', true],
    ['ENOTFOUND', 'STORE_UNAVAILABLE', true],
  ])('%s is %s', (state, code, retryable) => {
    const error = describeEngineError(raised(state));
    expect(error).toMatchObject({ code, retryable });
    expect(error.advice).toBeTruthy();
  });

  it('keeps what it has described, and nothing of the row or the connection', () => {
    const error = describeEngineError(
      Object.assign(raised('23505'), {
        detail: 'Key (secret)=(s3cret) exists',
        connectionString: 'postgres://u:s3cret@h/d',
      }),
    );
    expect(describeEngineError(error)).toBe(error);
    expect(JSON.stringify([error.message, error.cause, Object.entries(error.cause as Error)])).not.toContain(
      's3cret',
    );
  });
});

describe('a URL', () => {
  it.each([
    '',
    'not a url',
    'http://u:s3cret@host/db',
    'postgres://u:s3cret@ho st/db',
    'postgres://u:s3cret@host:99999/db',
  ])('that is none is refused without its password: %s', async (url) => {
    const error = await openControlStore({ url }).catch((raised: unknown) => raised);
    expect(error).toMatchObject({ code: 'STORE_ARGUMENT' });
    expect(inspectAll(error)).not.toContain('s3cret');
  });

  it('of a server that is not there is unavailable, and may be tried again', async () => {
    const error = await openControlStore({ url: 'postgres://u:s3cret@127.0.0.1:1/db' }).catch(
      (raised: unknown) => raised,
    );
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(inspectAll(error)).not.toContain('s3cret');
  });
});

/** Everything that a logger could print. */
function inspectAll(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [
    error.message,
    error.stack,
    PhalanxError.is(error) ? error.advice : '',
    inspectAll(error.cause),
  ].join('\n');
}
