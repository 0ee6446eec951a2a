import { describe, expect, it } from 'vitest';
import { checkOutput, registerOutput } from './registered-outputs.js';

describe('a registered output', () => {
  it('is this text and no other', () => {
    const { registration, salt } = registerOutput('The committee met on Tuesday.');
    expect(checkOutput(registration, 'The committee met on Tuesday.', salt)).toBe(true);
    expect(checkOutput(registration, 'The committee met on Tuesday!', salt)).toBe(false);
    expect(checkOutput(registration, 'The committee met on Tuesday.', '00'.repeat(16))).toBe(false);
    expect(checkOutput({ ...registration, commitment: 'x' }, 'The committee met on Tuesday.', salt)).toBe(
      false,
    );
  });

  it('says nothing of its text: equal texts differ', () => {
    expect(registerOutput('yes').registration.commitment).not.toBe(
      registerOutput('yes').registration.commitment,
    );
  });
});
