import type { Dress } from './dress.js';
import type { Random } from './random.js';

const LETTERS = [...'ABCDEFGHJKLMNPRSTUVWXYZ'];

/** Numbers by which products tell one request from another; `atMs` is the request's time since the epoch. */
const TICKET_IDS = {
  'six-digits': (_atMs: number, random: Random) => drawDigits(6, random),
  'eight-digits': (_atMs: number, random: Random) => drawDigits(8, random),
  'ten-digits': (_atMs: number, random: Random) => drawDigits(10, random),
  hex: (_atMs: number, random: Random) => drawHex(random) + drawHex(random).slice(0, 4),
  uuid: (_atMs: number, random: Random) => drawUuid(random),
  timestamp: (atMs: number) => new Date(atMs).toISOString().slice(0, 19),
  order: (_atMs: number, random: Random) =>
    `${random.choice(LETTERS)}-${drawDigits(5, random)}-${random.choice(LETTERS)}`,
} as const;

export type TicketIdStyle = keyof typeof TICKET_IDS;
export const TICKET_ID_STYLES = Object.keys(TICKET_IDS) as TicketIdStyle[];

/** Text around a request that carries the request's own number: `{}` stands for the request, `{id}` for the number. */
export interface TicketForm {
  readonly text: string;
  readonly idStyle: TicketIdStyle;
}

/** The number stands first, in the middle, or last, in turn. */
export const TICKET_TEXTS: readonly string[] = [
  'Ticket {id}: customer writes: {}',
  'A customer wrote to our shop (reference {id}). Write a short, polite reply.\n\n{}',
  'Reply to this message: {}\n\nRequest id: {id}',
  '[{id}] {}',
  'Answer the question below for our help page.\nRequest: {id}\nQuestion: {}\nAnswer:',
  '{}\n\n(ref {id})',
  '{id} | new message from the app | {}',
  'You get one message from our app. Message {id}:\n"""\n{}\n"""\nReply in the language of the message.',
  '{}\n--\nSent from the app, session {id}',
  'Case {id}\n\n{}',
];

/** The dress of one request: the form with a number of its own. */
export function writeTicket({ text, idStyle }: TicketForm, atMs: number, random: Random): Dress {
  const [prefix, suffix] = text.replace('{id}', TICKET_IDS[idStyle](atMs, random)).split('{}');
  return { prefix: prefix!, suffix: suffix! };
}

function drawDigits(length: number, random: Random): string {
  return String(random.integer(10 ** (length - 1), 10 ** length - 1));
}

function drawHex(random: Random): string {
  return random.uint32().toString(16).padStart(8, '0');
}

/** RFC 9562, version 4. */
function drawUuid(random: Random): string {
  const [a, b, c, d] = [drawHex(random), drawHex(random), drawHex(random), drawHex(random)];
  const variant = random.choice(['8', '9', 'a', 'b']);
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
}
