import type { Alarm } from './alarm.js';

/** Beginnings that providers give to keys so that they are recognised, with the least that follows. Each run is bounded. */
const SHAPES: readonly RegExp[] = [
  /\bsk-[A-Za-z0-9_-]{16,200}/,
  /\b(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,200}/,
  /\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{16}/,
  /\bgh[opusr]_[A-Za-z0-9]{20,255}/,
  /\bgithub_pat_[A-Za-z0-9_]{20,255}/,
  /\bgl(?:pat|dt|rt|soat|cbt|ptt)-[A-Za-z0-9_-]{20,255}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/,
  /\bxapp-[0-9]-[A-Za-z0-9-]{10,255}/,
  /hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,100}/,
  /\bAIza[A-Za-z0-9_-]{30,50}/,
  /\bya29\.[A-Za-z0-9_-]{20,300}/,
  /\bGOCSPX-[A-Za-z0-9_-]{20,50}/,
  /\bhf_[A-Za-z0-9]{20,100}/,
  /\br8_[A-Za-z0-9]{20,100}/,
  /\bgsk_[A-Za-z0-9]{20,100}/,
  /\bxai-[A-Za-z0-9]{20,200}/,
  /\bnpm_[A-Za-z0-9]{30,100}/,
  /\bpypi-[A-Za-z0-9_-]{30,300}/,
  /\bdckr_pat_[A-Za-z0-9_-]{20,100}/,
  /\bSG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{16,60}/,
  /\bdop_v1_[a-f0-9]{40,80}/,
  /\bshp(?:at|ss|ca|pa)_[A-Za-z0-9]{20,60}/,
  /\bsq0(?:atp|csp)-[A-Za-z0-9_-]{20,60}/,
  /\bEAA[A-Za-z0-9]{30,300}/,
  /\blin_api_[A-Za-z0-9]{20,80}/,
  /\bntn_[A-Za-z0-9]{20,80}/,
  /\bsntrys_[A-Za-z0-9_=+/-]{20,300}/,
  /\bhvs\.[A-Za-z0-9_-]{20,200}/,
  /\bAGE-SECRET-KEY-1[0-9A-Z]{30,80}/,
  /\bPRIVATE\+KEY\+[A-Za-z0-9+/=.-]{10,300}/,
  /\bkey-[0-9a-f]{32}\b/,
  /\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}/,
  /\b[0-9]{8,10}:AA[A-Za-z0-9_-]{30,40}/,
  /\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9=_-]{20,100}/,
  /\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\./,
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/,
  /BEGIN PGP PRIVATE KEY BLOCK/,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{1,100}:[^\s/@]{3,200}@/i,
  /\b(?:AccountKey|SharedAccessKey|sig)=[A-Za-z0-9+/%_-]{20,200}/,
  /\bAuthorization:\s{0,5}(?:Bearer|Basic|Token)\s{1,5}[^\s]{6,2000}/i,
  /\bBearer\s{1,5}[A-Za-z0-9._~+/-]{16,2000}/,
  /\b(?:set-)?cookie:\s{0,5}[^\s=]{1,100}=[^\s;]{6,2000}/i,
];

/** A name of a secret, a sign of assignment and something that is no blank. Names in English, German, French, Spanish. */
const ASSIGNED =
  /(?:password|passwd|passphrase|passwort|kennwort|mot de passe|contrase(?:ñ|n)a|clave|api[ _-]?key|apikey|secret(?:[ _-]?(?:access[ _-]?)?key)?|access[ _-]?token|auth[ _-]?token|client[ _-]?secret|private[ _-]?key|zugangsschlüssel|密码|口令|密钥|パスワード)(?:["' ]{0,2}|[ \p{L}]{1,30})\s{0,3}(?:is|ist|est|es|lautet|为|是|:|=|=>|：|＝)\s{0,3}["']?([^\s"',;]{4,200})/iu;

/** Long runs of mixed letters and digits that no word is: 4 bits a character at least, of 20 and more. */
const RANDOM_RUN = /[A-Za-z0-9+_-]{20,512}/g;
const ENTROPY_BITS = 3.9;

/** Keys, tokens and passwords: by the shapes that providers publish, by what an assignment calls so, and by chance of their letters. */
export const SECRET: Alarm = {
  kind: 'secret',
  find({ text }) {
    for (const shape of SHAPES) {
      const found = shape.exec(text);
      if (found !== null) return found[0];
    }
    const assigned = ASSIGNED.exec(text);
    if (assigned !== null && !/^(?:not|nicht|pas|no|unknown|required|rotated?)$/i.test(assigned[1]!))
      return assigned[0];
    for (const [run] of text.matchAll(RANDOM_RUN)) if (isRandom(run)) return run;
    return null;
  },
};

function isRandom(run: string): boolean {
  // Words joined by hyphens have few digits and letters of one case.
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((one) => one.test(run)).length;
  if (classes < 3) return /^[0-9a-f]{32,}$/i.test(run) && /[0-9]/.test(run) && /[a-f]/i.test(run);
  const counts = new Map<string, number>();
  for (const letter of run) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / run.length) * Math.log2(count / run.length);
  return bits >= Math.min(ENTROPY_BITS, 0.85 * Math.log2(run.length));
}
