/** English function words of four letters and more, which carry no topic. Pieces of contractions included. */
export const STOP_WORDS: readonly string[] = `
about above according across actually after afterwards again against ahead almost alone along already also although
always amid among amongst another anybody anyone anything anyway anywhere apart around aside away because become
becomes been before beforehand behind being below beneath beside besides between beyond both cannot could couldn
despite didn does doesn doing done down during each either else elsewhere enough especially even ever every everybody
everyone everything everywhere except first from further furthermore getting given goes going gone hadn hasn have haven
having hence here hers herself himself however indeed inside instead into itself just kind last later latter least less
lest like likely made mainly make makes making many maybe mean might mine more moreover most mostly much must myself
namely near nearly need needs neither never nevertheless next nobody none nonetheless nothing nowhere often once only
onto other others otherwise ought ours ourselves outside over particular perhaps please quite rather really regarding
same seem seemed seems several shall should shouldn since some somebody somehow someone something sometimes somewhere
soon still such sure take than that their theirs them themselves then there thereby therefore these they thing things
this those though through throughout thus together toward towards under unless unlike until upon used using usually
various very want wants wasn well went were weren what whatever when whence whenever where whereas whereby wherein
wherever whether which while whilst whoever whole whom whose will with within without would wouldn your yours yourself
yourselves`
  .trim()
  .split(/\s+/);
