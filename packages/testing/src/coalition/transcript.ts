/** A message as it crossed from one party to another. */
export interface SentMessage {
  readonly day: number;
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly text: string;
}

/** All bytes that crossed between the parties of a run. */
export class Transcript {
  readonly messages: SentMessage[] = [];

  /** Notes a message and hands its text over. */
  send(message: SentMessage): string {
    this.messages.push(message);
    return message.text;
  }

  /** Messages and bytes by kind, in the order of their first appearance. */
  countByKind(): { kind: string; from: string; to: string; messages: number; bytes: number }[] {
    const counts = new Map<
      string,
      { kind: string; from: string; to: string; messages: number; bytes: number }
    >();
    const role = (party: string) => party.replace(/ .*/, '');
    for (const { kind, from, to, text } of this.messages) {
      const name = `${kind} ${role(from)} ${role(to)}`;
      const count = counts.get(name) ?? { kind, from: role(from), to: role(to), messages: 0, bytes: 0 };
      count.messages++;
      count.bytes += Buffer.byteLength(text);
      counts.set(name, count);
    }
    return [...counts.values()];
  }
}
