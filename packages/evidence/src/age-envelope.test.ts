import { PhalanxError, utf8 } from '@phalanx/core';
import { generateX25519Identity } from 'age-encryption';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decryptWithIdentity, encryptForRecipients, recipientOf } from './age-envelope.js';

const text = utf8('what the account asked');

async function refusal(acting: Promise<unknown>): Promise<string> {
  try {
    await acting;
  } catch (error) {
    if (PhalanxError.is(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

it('each recipient reads it, and nobody else', async () => {
  const identities = await Promise.all([1, 2, 3].map(() => generateX25519Identity()));
  const recipients = await Promise.all(identities.map(recipientOf));
  const file = await encryptForRecipients(text, recipients.slice(0, 2));
  for (const identity of identities.slice(0, 2))
    expect(Buffer.compare(await decryptWithIdentity(file, identity), text)).toBe(0);
  expect(await refusal(decryptWithIdentity(file, identities[2]!))).toBe('EVIDENCE_AGE');
  expect(Buffer.from(file).includes('what the account')).toBe(false);
});

it('recipients are plain X25519 keys', async () => {
  const identity = await generateX25519Identity();
  const recipient = await recipientOf(identity);
  const swapped = recipient.slice(0, -2) + recipient.at(-1) + recipient.at(-2);
  const bad = [
    '',
    'age1',
    'password',
    recipient.toUpperCase(),
    `${recipient} `,
    identity,
    'age1pq1abc',
    'ssh-ed25519 AAAA',
    `${recipient}\n`,
  ];
  for (const one of [...bad, ...(swapped === recipient ? [] : [swapped])])
    expect(await refusal(encryptForRecipients(text, [recipient, one])), one).toBe('EVIDENCE_RECIPIENT');
  expect(await refusal(encryptForRecipients(text, []))).toBe('EVIDENCE_RECIPIENT');
  expect(await refusal(encryptForRecipients(text, Array(101).fill(recipient)))).toBe('EVIDENCE_RECIPIENT');
  const typo = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
  for (const one of ['', recipient, identity.toLowerCase(), typo])
    expect(await refusal(decryptWithIdentity(text, one))).toBe('EVIDENCE_RECIPIENT');
});

it('a malformed identity is not repeated in the error', async () => {
  const identity = await generateX25519Identity();
  const typo = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
  const error = await recipientOf(typo).catch((caught: unknown) => caught as Error);
  expect(`${(error as Error).stack} ${String((error as Error).cause)}`).not.toContain(identity.slice(20, 40));
});

it('a changed file is refused', async () => {
  const identity = await generateX25519Identity();
  const file = await encryptForRecipients(text, [await recipientOf(identity)]);
  for (let bit = 0; bit < file.length * 8; bit += 5) {
    const changed = file.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(await refusal(decryptWithIdentity(changed, identity)), `bit ${bit}`).toBe('EVIDENCE_AGE');
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(await refusal(decryptWithIdentity(bytes, identity))).toBe('EVIDENCE_AGE');
    }),
  );
});
