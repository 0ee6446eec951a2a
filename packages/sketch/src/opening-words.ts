/**
 * First words that name the opening class of a prompt. Class of the first word only: "please" is no class of its own,
 * but "please" before an imperative verb still sets the DIRECTIVE intent. No word may stand in two classes, so German "was"
 * yields to the English auxiliary.
 */
export const OPENING_WORDS = {
  question: words(`
    what how why when where who which whose whom
    qué cómo por cuál cuándo dónde quién wie warum wann wo wer welche welcher quel quelle comment pourquoi quand qui
    что как почему когда где кто какой какая какие сколько 什 怎 谁 哪 何`),
  auxiliary: words(`
    is are can could do does did will would should has have had was were may might must am shall isn aren don doesn
    puedes podrías kannst können peux pouvez можешь можете`),
  imperative: words(`
    write create generate give find describe explain list name make provide identify classify construct rewrite
    summarize summarise suggest compose convert calculate compute design edit come develop categorize analyze analyse
    sort determine compare tell translate add change select outline predict propose produce brainstorm build implement
    arrange answer extract evaluate solve prove show imagine act rephrase paraphrase complete correct fix continue
    consider choose discuss draft define estimate fill check count debug refactor remove replace respond return
    simplify state think transform verify use help let assume given read
    escribe crea genera explica resume traduce describe haz dame schreibe schreib erstelle erkläre beschreibe nenne
    übersetze fasse gib écris écrivez crée explique expliquez résume traduis donne décris напиши напишите создай
    объясни переведи опиши составь придумай реши сделай дай 请 写 解 写 给 用 翻`),
  i: words('i im my ive id'),
  please: words('please bitte'),
} as const;

function words(list: string): readonly string[] {
  return [...new Set(list.trim().split(/\s+/))];
}
