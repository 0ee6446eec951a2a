import type { IntentName } from '@phalanx/domain';

/**
 * Phrases that set an intent, as people write them; the kernel folds them like any text, so case, accents and
 * punctuation do not matter. At most 12 words; every Chinese or Japanese character is a word. Adding a phrase, or an
 * intent that the kernel reads, changes intents only, never hashes: raise LEXICON_VERSION with it.
 */
export const LEXICON_VERSION = 3;

type PhraseIntent = Exclude<IntentName, 'DIRECTIVE' | 'BENCHMARK' | 'IDENTIFIER'>;

export const LEXICON: Readonly<Record<PhraseIntent, readonly string[]>> = {
  REASONING: lines(`
    step by step
    step-by-step
    think carefully before
    think carefully about
    think out loud
    think aloud
    think through
    chain of thought
    chain-of-thought
    chains of thought
    train of thought
    internal reasoning
    reasoning process
    reasoning steps
    reasoning trace
    reasoning traces
    thinking process
    thought process
    inner monologue
    internal monologue
    hidden reasoning
    show your reasoning
    show your work
    show your thinking
    show all your work
    show the reasoning
    explain your reasoning
    explain your thinking
    explain the reasoning behind
    describe your reasoning
    write out your reasoning
    write your reasoning
    articulate the reasoning
    reason through
    reasoning before answering
    before answering think
    before you answer think
    give your rationale
    provide a rationale
    with a detailed rationale
    paso a paso
    muestra tu razonamiento
    explica tu razonamiento
    cadena de pensamiento
    Schritt für Schritt
    zeige deine Überlegungen
    Gedankenkette
    erkläre deinen Gedankengang
    étape par étape
    pas à pas
    montre ton raisonnement
    expliquez votre raisonnement
    chaîne de pensée
    шаг за шагом
    пошагово
    по шагам
    цепочка рассуждений
    объясни ход мыслей
    покажи рассуждения
    一步一步
    一步步
    逐步推理
    逐步思考
    思维链
    推理过程
    思考过程
    ステップバイステップ
    段階的に
    思考過程
    推論過程`),
  RUBRIC: lines(`
    rubric
    score rubric
    scoring criteria
    grading criteria
    evaluation criteria
    on a scale of
    on a scale from
    rate the response
    rate the answer
    rate the following
    score the response
    score the following
    score the answer
    grade the answer
    grade the following
    grade the response
    evaluate the response
    evaluate the quality
    assess the quality
    response to evaluate
    integer between 1 and 5
    score between 0 and
    score between 1 and
    score from 1 to
    from 1 to 10
    impartial judge
    act as a judge
    del 1 al 10
    auf einer Skala von
    sur une échelle de
    по шкале от
    оцени ответ
    评分标准
    打分
    评分细则
    採点`),
  PAIRWISE: lines(`
    which response is better
    which answer is better
    which of the two
    which one is better
    which of the responses
    better response
    compare the two responses
    compare the following responses
    two responses
    response a
    response b
    assistant a
    assistant b
    prefer response
    preferred response
    model a or model b
    rank the following responses
    rank the responses
    cuál respuesta es mejor
    welche Antwort ist besser
    quelle réponse est la meilleure
    какой ответ лучше
    哪个回答更好
    哪个更好`),
  SYNTHESIS: lines(`
    diverse task instructions
    diverse instructions
    diverse questions
    diverse prompts
    diverse examples
    come up with new
    come up with a new
    come up with a set of
    come up with a series of
    new instruction
    new tasks
    generate a dataset
    create a dataset
    build a dataset
    synthetic data
    synthetic dataset
    training data
    training examples
    training samples
    fine-tuning data
    few-shot examples
    instruction tuning
    instruction following
    question answer pairs
    question-answer pairs
    question and answer pairs
    qa pairs
    q a pairs
    generate questions
    generate a question
    generate a list of questions
    generate a new
    generate multiple
    generate similar
    generate more examples
    generate prompts
    create a new prompt
    create new questions
    create a question
    create questions
    given prompt
    rewritten prompt
    write a question
    examples of the following
    conjunto de datos
    preguntas y respuestas
    Trainingsdaten
    Frage-Antwort-Paare
    jeu de données
    données d'entraînement
    questions-réponses
    набор данных
    обучающие данные
    вопросы и ответы
    生成问题
    问答对
    训练数据
    数据集
    学習データ
    データセット`),
  REWRITE: lines(`
    paraphrase
    paraphrase the following
    rephrase
    rephrase the following
    rewrite the following
    rewrite this
    rewrite the given
    rewrite it
    rewrite the text
    rewrite the sentence
    rewrite the above
    reword
    reword the following
    in other words
    in your own words
    policy compliant version
    safe version
    neutral version
    reescribe
    parafrasea
    umschreiben
    formuliere um
    umformulieren
    reformule
    reformulez
    перефразируй
    перепиши
    改写
    重写
    润色
    書き換えて
    言い換えて`),
  TOOLS: lines(`
    you have access to the following tools
    access to the following tools
    access to the following functions
    following tools
    available tools
    available functions
    function call
    function calling
    function calls
    tool call
    tool calls
    tool use
    tool calling
    call the function
    call a function
    use the tool
    api call
    action input
    thought action observation
    json schema of the function
    herramientas disponibles
    verfügbare Werkzeuge
    outils disponibles
    доступные инструменты
    可用工具
    调用工具
    工具调用
    函数调用`),
  REQUEST: lines(`
    can you
    could you
    would you
    will you please
    i need
    i want
    i would like
    i'd like
    i am looking for
    i'm looking for
    help me
    give me
    show me
    tell me
    find me
    let me know
    necesito
    quiero que
    puedes
    podrías
    ayúdame
    ich brauche
    ich möchte
    ich hätte gerne
    kannst du
    können Sie
    hilf mir
    j'ai besoin
    je voudrais
    peux-tu
    pouvez-vous
    aide-moi
    мне нужно
    можешь
    можете
    помоги мне
    我需要
    我想要
    请帮我
    帮我
    してください
    教えて`),
  PROBLEM: lines(`
    find the value
    prove that
    show that the
    solve for
    solve the equation
    solve the following
    solve this problem
    solve the problem
    find all
    find the degree
    find the derivative
    find the integral
    evaluate the integral
    how many ways
    what is the probability
    what is the value of
    compute the
    demuestra que
    resuelve
    beweise dass
    löse die Gleichung
    démontrer que
    résoudre
    докажи что
    докажите
    решите
    реши задачу
    证明
    求解
    解方程`),
  CODE: lines(`
    python
    javascript
    typescript
    java
    kotlin
    golang
    c program
    rust program
    html
    css
    sql
    sql query
    regex
    regular expression
    leetcode
    stack trace
    source code
    code snippet
    write code
    write a code
    write a function
    write a program
    write a script
    write a method
    write a class
    write a query
    create a function
    create a class
    create a script
    implement a function
    implement an algorithm
    design an algorithm
    debug the following
    following code
    the code
    this code
    node js
    react component
    bash script
    shell script
    unit test
    unit tests
    time complexity
    escribe una función
    código
    schreibe eine Funktion
    Quellcode
    écris une fonction
    напиши функцию
    напиши код
    код
    写一个函数
    代码
    编程
    関数を
    コード`),
  OPTIONS: lines(`
    multiple choice
    multiple-choice
    answer choices
    options a
    choose the correct
    choose the best answer
    choose the best option
    choose one of the following
    select the correct
    pick the correct
    which of the following
    from the following options
    the following options
    opción correcta
    cuál de las siguientes
    welche der folgenden
    laquelle des
    выберите правильный
    какой из следующих
    选择题
    下列哪
    以下哪
    次のうち`),
};

/** Phrases that make a text with at least one number a checkable problem. */
export const PROBLEM_CUES: readonly string[] = lines(`
  how many
  how much
  how far
  how long
  how old
  calculate
  calculates
  what is the total
  what is the sum
  what is the average
  in total
  what fraction
  what percentage
  solve
  cuántos
  cuántas
  cuánto
  calcula
  wie viele
  wie viel
  berechne
  combien
  calcule
  calculez
  сколько
  вычисли
  вычислите
  найдите
  多少
  几个
  计算
  いくつ
  いくら`);

function lines(list: string): readonly string[] {
  return list
    .trim()
    .split('\n')
    .map((line) => line.trim());
}
