import { describe, expect, it } from 'vitest';
import { dressText } from './dress.js';
import { stream } from './random.js';
import { TICKET_ID_STYLES, TICKET_TEXTS, type TicketIdStyle, writeTicket } from './ticket-form.js';

const AT_MS = Date.UTC(2026, 1, 3, 10, 15, 22, 999);
const FORMATS: Readonly<Record<TicketIdStyle, RegExp>> = {
  'six-digits': /^[1-9]\d{5}$/,
  'eight-digits': /^[1-9]\d{7}$/,
  'ten-digits': /^[1-9]\d{9}$/,
  hex: /^[0-9a-f]{12}$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  timestamp: /^2026-02-03T10:15:22$/,
  order: /^[A-Z]-[1-9]\d{4}-[A-Z]$/,
};

describe('writeTicket', () => {
  it.each(TICKET_ID_STYLES)(
    'writes %s numbers of their format, and the same from the same seed',
    (idStyle) => {
      const write = () => {
        const random = stream('tickets', idStyle);
        return Array.from({ length: 500 }, () => {
          const { prefix, suffix } = writeTicket({ text: '{id}|{}|', idStyle }, AT_MS, random);
          expect(suffix).toBe('|');
          return prefix!.slice(0, -1);
        });
      };
      const ids = write();
      for (const id of ids) expect(id).toMatch(FORMATS[idStyle]);
      expect(write()).toEqual(ids);
      // Six digits leave 500 numbers apart but for 0.14 expected pairs.
      expect(new Set(ids).size).toBeGreaterThan(idStyle === 'timestamp' ? 0 : 495);
    },
  );

  it.each(TICKET_TEXTS)('puts request and number into %j, each once', (text) => {
    const dress = writeTicket({ text, idStyle: 'order' }, AT_MS, stream('texts'));
    const written = dressText('a lost parcel', dress);
    expect(written.match(/[A-Z]-\d{5}-[A-Z]/g)).toHaveLength(1);
    expect(written.match(/a lost parcel/g)).toHaveLength(1);
    expect(written).not.toMatch(/[{}]/);
  });
});
