/**
 * Given names that are common in the countries of the languages that the detectors know, and are no ordinary words of them. Our own
 * selection; a name that is not here is not seen.
 */
export const GIVEN_NAMES: ReadonlySet<string> = new Set(
  (
    'james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony donald steven andrew paul joshua kenneth kevin brian ' +
    'george timothy ronald jason edward jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory alexander patrick ' +
    'mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily donna michelle carol amanda ' +
    'melissa deborah stephanie rebecca sharon laura cynthia kathleen amy angela anna emma olivia sophia isabella charlotte hannah rachel ' +
    'hans peter wolfgang klaus jurgen jürgen dieter manfred uwe horst günter gunter helmut gerhard stefan andreas markus matthias torsten sven jens lars florian ' +
    'sebastian felix lukas jonas maximilian ursula monika petra sabine renate helga karin brigitte ingrid erika andrea gisela claudia susanne gabriele birgit ' +
    'heike katrin anja julia katharina lena johanna ' +
    'jean pierre michel andré philippe alain bernard jacques daniel françois francois christophe nicolas laurent frédéric frederic olivier pascal thierry julien ' +
    'guillaume mathieu antoine camille chloé manon léa marie nathalie isabelle sylvie catherine françoise valérie christine sandrine véronique aurélie céline sophie ' +
    'josé jose antonio juan manuel francisco luis javier miguel carlos ángel angel rafael pedro alejandro fernando pablo sergio jorge alberto diego maría maria carmen ' +
    'josefa isabel dolores pilar teresa lucía lucia mercedes elena raquel rosario ' +
    'giuseppe giovanni mario luigi francesco marco matteo alessandro chiara giulia francesca paola joão joao pedro tiago rita ' +
    'wei ming xiaoming xiaohong jing yan li hui hong fang chen haruto yuki kenji takeshi hiroshi akiko priya rahul amit anita sanjay mohammed muhammad ahmed fatima ali ' +
    'ivan sergei dmitri vladimir olga natasha svetlana anastasia piotr krzysztof agnieszka katarzyna'
  ).split(' '),
);
