import type { OpinionWord } from '@phalanx/coalition/trust';
import { showInvisible, systemClock } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { formatDay } from '../figures.js';
import {
  type LabFlags,
  openAuthor,
  readObjects,
  signAs,
  usage,
  withLabStore,
  writeObjects,
} from '../lab-trust.js';
import type { Terminal } from '../terminal.js';

export interface WordFlags extends LabFlags {
  readonly out?: string;
  readonly tlp?: string;
}

const WORDS: readonly OpinionWord[] = ['strongly-disagree', 'disagree', 'agree'];

/** `phalanx coalition opinion`: one's signed opinion of an indicator of others, to be released. */
export async function opinionCommand(
  id: string,
  word: string,
  flags: WordFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { makeOpinion } = await import('@phalanx/coalition/trust');
  if (!WORDS.includes(word as OpinionWord))
    throw usage(`${word} is no opinion`, `One of ${WORDS.join(', ')}.`);
  const { identity, authorship } = await openAuthor(flags, terminal, systemClock.nowMs());
  await writeObjects(
    [await signAs(identity, makeOpinion(id, word as OpinionWord, authorship))],
    flags.out,
    terminal,
  );
  return ExitCode.OK;
}

/**
 * `phalanx coalition sighting`: a signed sighting of one indicator out of its last replay, in days and decades; looked for and not seen is told too.
 * Exit 1 when there is nothing to tell.
 */
export async function sightingCommand(id: string, flags: WordFlags, terminal: Terminal): Promise<ExitCode> {
  const { makeSighting, sightingOf } = await import('@phalanx/coalition/trust');
  const { identity, authorship } = await openAuthor(flags, terminal, systemClock.nowMs());
  const facts = await withLabStore(flags, terminal, async (store) => {
    const held = await store.quarantine.findHeld(id);
    if (held === null)
      throw usage(`${showInvisible(id)} is not held`, '`phalanx coalition quarantine list` names them.');
    return sightingOf(held);
  });
  if (facts === null) {
    terminal.talk('its last replay shows nothing that could be told\n');
    return ExitCode.FOUND;
  }
  await writeObjects([await signAs(identity, makeSighting(facts, authorship))], flags.out, terminal);
  return ExitCode.OK;
}

/** `phalanx coalition retract`: the last, revoked and signed version of objects that one has made. To be sent to the hub at once. */
export async function retractCommand(file: string, flags: WordFlags, terminal: Terminal): Promise<ExitCode> {
  const { revokeObject } = await import('@phalanx/coalition');
  const { identity } = await openAuthor(flags, terminal, 0);
  const objects = (await readObjects(file)).filter(({ modified }) => typeof modified === 'string');
  const other = objects.find(({ created_by_ref: maker }) => maker !== identity.identity);
  if (other !== undefined)
    throw usage(
      `${showInvisible(other.id)} was not made by ${identity.member}`,
      'Dispute it: phalanx coalition opinion.',
    );
  if (objects.length === 0)
    throw usage(`${file} holds nothing that could be taken back`, 'Observables are what they are.');
  const atMs = systemClock.nowMs();
  const revoked = objects.map((object) => revokeObject(object, atMs));
  await writeObjects(
    await Promise.all(revoked.map((object) => signAs(identity, object))),
    flags.out,
    terminal,
  );
  return ExitCode.OK;
}

/** `phalanx coalition appeal open`: a case number, and signed objections to what a customer was hit by. The number is derived from nothing. */
export async function openAppealCommand(
  ids: readonly string[],
  flags: WordFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { drawCaseId, makeOpinion } = await import('@phalanx/coalition/trust');
  const { identity, authorship } = await openAuthor(flags, terminal, systemClock.nowMs());
  const caseId = drawCaseId();
  const objects = ids.map((id) => makeOpinion(id, 'strongly-disagree', authorship, caseId));
  await writeObjects(
    await Promise.all(objects.map((object) => signAs(identity, object))),
    flags.out,
    terminal,
  );
  terminal.talk(`case ${caseId}\n`);
  return ExitCode.OK;
}

/** `phalanx coalition appeal answer`: this lab's answer, for itself alone. */
export async function answerAppealCommand(
  caseId: string,
  answer: string,
  flags: WordFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { listAppeals, makeOpinion } = await import('@phalanx/coalition/trust');
  if (answer !== 'kept' && answer !== 'withdrawn')
    throw usage(`${answer} is no answer`, 'One of kept, withdrawn.');
  const { identity, authorship } = await openAuthor(flags, terminal, systemClock.nowMs());
  const appeal = await withLabStore(flags, terminal, async (store) =>
    listAppeals(await store.quarantine.listOpinions()).find((one) => one.caseId === caseId),
  );
  if (appeal === undefined)
    throw usage(`there is no case ${showInvisible(caseId)}`, '`phalanx coalition appeal list` names them.');
  const word = answer === 'kept' ? 'agree' : 'strongly-disagree';
  const objects = appeal.indicatorIds.map((id) => makeOpinion(id, word, authorship, caseId));
  await writeObjects(
    await Promise.all(objects.map((object) => signAs(identity, object))),
    flags.out,
    terminal,
  );
  return ExitCode.OK;
}

/** `phalanx coalition appeal list`: cases, and what each lab has answered. Exit 1 when one is overdue. */
export async function listAppealsCommand(flags: LabFlags, terminal: Terminal): Promise<ExitCode> {
  const { judgeAppeal, listAppeals, QUARANTINE_STATES } = await import('@phalanx/coalition/trust');
  return withLabStore(flags, terminal, async (store) => {
    const opinions = await store.quarantine.listOpinions();
    const held = await store.quarantine.listHeld(QUARANTINE_STATES, 1_000_000);
    const makers = new Map(held.map(({ id, member }) => [id, member]));
    const retracted = new Set(held.filter(({ state }) => state === 'retracted').map(({ id }) => id));
    const members = [...new Set(makers.values())];
    const cases = listAppeals(opinions).map((appeal) => {
      const { answers, state } = judgeAppeal(
        appeal,
        opinions,
        members,
        makers,
        retracted,
        systemClock.nowMs(),
      );
      return { ...appeal, state, answers: Object.fromEntries(answers) };
    });
    if (flags.json) terminal.out(`${JSON.stringify(cases)}\n`);
    else if (cases.length === 0) terminal.talk('no case is open\n');
    else
      for (const { caseId, state, openedAtMs, indicatorIds, answers } of cases) {
        terminal.out(
          `${caseId}  ${state}, opened ${formatDay(openedAtMs)}, about ${indicatorIds.join(', ')}\n`,
        );
        for (const [member, answer] of Object.entries(answers))
          terminal.out(`    ${showInvisible(member)}: ${answer}\n`);
      }
    return cases.some(({ state }) => state === 'overdue') ? ExitCode.FOUND : ExitCode.OK;
  });
}
