import type { Grammar } from './grammar.js';

/** What distillers are known to ask for, one grammar each; the start rule is `prompt`. */
export const ATTACK_STYLES: Readonly<
  Record<string, { readonly kind: string; readonly repeatShare: number; readonly grammar: Grammar }>
> = {
  'instruction-synthesis': {
    kind: 'instr_synth',
    repeatShare: 0,
    grammar: {
      prompt: [
        '{Order} a {adjective} {text_form} about {topic} for {audience}.',
        '{Order} a {text_form} in which {person} and {person} disagree about {topic}.',
        'Give {2-9} {adjective} tips for {audience} who care about {topic}.',
        'Generate {3-12} questions that {audience} may ask about {topic} in {place}.',
        'Rewrite the following sentence in a {adjective} tone.\n\n{sentence}',
        'Classify the following statement as fact or opinion.\n\n{sentence}',
        'Explain how {topic} affects {topic}, using an example from {place}.',
        'Identify the main claim of this passage and say who would oppose it.\n\n{sentence} {sentence}',
        'Suggest a {adjective} name for a company in {place} that works on {topic}.',
        'Compare {topic} with {topic} in {2-6} points.',
        'Describe the steps {person} should take to {verb} {topic} at {company}.',
        'Summarize the given text in one sentence.\n\n{sentence} {sentence} {sentence}',
        'Create a {adjective} slogan for {company} that mentions {topic} and {good}.',
        'Construct an analogy between {concept} and {topic}.',
      ],
      order: ['write', 'compose', 'draft', 'create', 'produce', 'generate'],
      sentence: [
        '{company} said on its last call that {topic} will matter more than {topic} in {place}.',
        'Most {audience} in {place} think that {topic} is {adjective}.',
        '{person} wrote a {adjective} {text_form} on {topic} after {2-30} years at {company}.',
        'Spending on {topic} rose by {2-60} percent while {topic} was ignored.',
      ],
    },
  },
  'math-word-problem': {
    kind: 'reasoning',
    repeatShare: 1,
    grammar: {
      prompt: [
        '{setup} {twist} {question}',
        '{setup} {twist} {twist} {question}',
        '{setup} {setup} {question}',
        '{setup} {twist} {setup} {question}',
      ],
      setup: [
        '{person} {action} {12-480} {good} in {place} and {person} {action} {2-9} times as many.',
        'A shop in {place} had {40-900} {good}, of which {5-95}% were for {company}.',
        '{person} needs {3-60} {unit} for each of {4-48} {good}.',
        'On Monday {person} {action} {8-320} {good}; on Friday {person} {action} {8-320} more.',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a dollar sign before a grammar slot.
        'A box of {6-72} {good} costs ${2-85} and {person} has ${90-990}.',
      ],
      twist: [
        'Then {person} gave away {2-11} fewer than half of the {good}.',
        'After {2-12} days {5-60}% of the {good} were left.',
        'Each trip takes {4-55} {unit} and {person} makes {2-9} trips a day.',
        '{person} splits the rest equally among {3-12} friends from {place}.',
        'The price then rises by {3-45}%.',
      ],
      question: [
        'How many {good} are left?',
        'How many {unit} does {person} need in total?',
        'How much money does {person} have in the end?',
        'What is the average number of {good} per day?',
        'How many {good} did they have altogether?',
      ],
    },
  },
  'code-task': {
    kind: 'code_synth',
    repeatShare: 0.15,
    grammar: {
      prompt: [
        'Write a {language} {routine} that {job}.',
        'Write a {language} {routine} that {job}. Use {algorithm} and explain the complexity.',
        'Create a {language} {routine} for {company} which {job} and then {job}.',
        'Design a class in {language} to {verb} {good} with a {data_structure}, and show how {person} would use it.',
        'Debug the {language} {routine} below: it {defect}.\n\n{snippet}',
        'Optimize this {language} {routine} so that it no longer {defect}.\n\n{snippet}',
        'Convert the following {language} code to {language}.\n\n{snippet}',
        'Implement {algorithm} over a {data_structure} in {language}. Input: {data_structure} of size {10-5000}. It {job}.',
      ],
      routine: ['function', 'program', 'script', 'method', 'module', 'query', 'command line tool'],
      job: [
        'finds the {2-20} largest values in a {data_structure}',
        'merges a {data_structure} with a {data_structure}',
        'groups {good} by {unit}',
        'removes every item of a {data_structure} that appears more than {2-9} times',
        'counts how often each {good} entry changes within {2-90} {unit}',
        'reads a {data_structure} of {good} and prints a {adjective} report',
        'checks whether a {data_structure} of {topic} records is valid',
        'splits a {data_structure} into {2-16} balanced parts',
      ],
      snippet: [
        'def f(x):\n    total = {2-99}\n    for i in range({2-99}):\n        total += x[i] * {2-40}\n    return total',
        'int solve(vector<int>& a) {\n  int best = {2-99};\n  for (auto v : a) best = max(best, v % {2-40});\n  return best;\n}',
        'SELECT id, sum(price) FROM orders WHERE total > {5-900} GROUP BY id HAVING count(*) > {2-40};',
        'const run = (xs) => xs.filter((x) => x > {2-99}).map((x) => x * {2-40}).slice(0, {2-70});',
      ],
    },
  },
  'reasoning-elicitation': {
    kind: 'reasoning',
    repeatShare: 0.08,
    grammar: {
      prompt: [
        'Question: {puzzle}\nThink it through one step at a time, then state the final answer on the last line.',
        '{puzzle} Lay out the full chain of reasoning before the answer.',
        '{puzzle}\n\nArticulate the internal reasoning behind the answer and write it out step by step.',
        'Solve and justify every inference. {puzzle}',
      ],
      puzzle: [
        'If {person} is {2-9} years older than {person}, and {person} was {10-40} when {person} moved to {place}, who is oldest in {1950-2020}?',
        'A premise says that all {audience} like {topic}; another that some {audience} fear {concept}. Does it follow that some {audience} who like {topic} fear {concept}?',
        '{person} leaves {place} at {1-12} and travels {20-400} {unit}; {person} leaves {place} {5-55} {unit} later. When do they meet?',
        'Which of {concept}, {topic} and {concept} would most change how {company} sells {good} in {place}?',
        'Three boxes hold {2-60} {good}, {2-60} {good} and {2-60} {good}; one label is false. Which box should {person} open?',
        'Would a {adjective} account of {topic} contradict what {person} claims about {concept}? Options: (A) yes (B) no (C) it depends on {concept}',
      ],
    },
  },
  'rubric-judging': {
    kind: 'judge',
    repeatShare: 1,
    grammar: {
      prompt: [
        '###Task:\nGrade the response below on a scale of 1 to 5 by the rubric. Write feedback first, then "[RESULT] n".\n###Instruction:\n{instruction}\n###Response:\n{answer} {answer}\n###Rubric:\n{rubric}',
        '[System] Act as an impartial judge. Decide which assistant answers better and output A or B.\n[Question] {instruction}\n[Assistant A] {answer}\n[Assistant B] {answer}\n[Criterion] {rubric}',
      ],
      instruction: [
        'Write a {adjective} {text_form} about {topic} for {audience}.',
        'Explain {concept} to {audience} in {place}.',
        'Help {person} {verb} {topic} at {company}.',
      ],
      answer: [
        'For {audience}, {topic} starts with {good}: {person} from {company} found that {2-90} {unit} are enough.',
        'The short version is that {concept} and {topic} are linked, as {place} showed in {1960-2024}.',
        'First {verb} the {good}, then {verb} {topic}; a {adjective} result takes {2-40} {unit}.',
      ],
      rubric: [
        'Is the response {adjective} and correct about {concept}?',
        'Does the response {verb} {topic} in a way that suits {audience}?',
        'Are the claims about {place} and {company} supported?',
      ],
    },
  },
  'tool-use': {
    kind: 'tool',
    repeatShare: 0.02,
    grammar: {
      prompt: [
        'I need to {verb} {topic} in {place} before {person} arrives. Which tool can {verb} it for {audience}?',
        'Can you look up {good} under {5-900} {unit} near {place} and send the {text_form} to {person} at {company}?',
        'Call the search tool for {topic}, then the calculator for {5-900} {unit}, and report to {company} in {place}.',
        'Please find a {adjective} {text_form} on {concept} published by {company} and read it to {audience}.',
        'Book {2-9} {good} from {company} in {place} and put {person} on the invitation for {concept}.',
        "What's the latest on {topic} in {place}, and how does {company} {verb} {concept}?",
        'Is there a plugin that can {verb} {concept} and {verb} {topic} with a {adjective} {text_form}?',
        'Show {audience} how {person} could {verb} {good} in {place} with a {machine} and {language}.',
      ],
    },
  },
  'text-rewriting': {
    kind: 'rewrite_batch',
    repeatShare: 1,
    grammar: {
      prompt: [
        'Paraphrase the passage for a policy-safe corpus; keep every fact and remove every stance.\nPassage: {passage} {passage}',
        'Rewrite so that the text stays neutral on {topic}. Keep the names.\nText: {passage} {passage} {passage}',
      ],
      passage: [
        '{person} told {company} in {place} that {topic} had cost {5-900} {unit}.',
        'Critics in {place} call {topic} {adjective}; {person} calls it {adjective}.',
        'In {1950-2024} {audience} marched in {place} against {topic} and {concept}.',
        '{company} denied that {person} {action} {2-900} {good} over {topic}.',
      ],
    },
  },
};
