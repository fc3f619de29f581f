/**
 * P's other sets: WMT14 En-Fr, WMT16 En-De and En-Ro, TriviaQA, WebQuestions, WiC, OpenbookQA.
 * @module
 */
import { type Cell, choice, constant, firstOf, label, matched, text, unquoted } from "./cells.ts";
import type { Dataset, Layout } from "./dataset.ts";

function translation(name: string, title: string, code: string, language: string): Dataset {
  const languages = { source: constant("English"), target: constant(language) };
  return {
    name,
    title,
    task: "translation",
    set: name,
    labels: [],
    layouts: [
      {
        about: "Hugging Face wmt14, wmt16",
        fields: { input: text("translation.en"), ...languages },
        output: text(`translation.${code}`),
      },
      {
        about: `a pair of text files, English and ${language} line by line`,
        fields: { input: text("en"), ...languages },
        output: text(code),
      },
    ],
    plain: { kind: "lines", columns: ["en", code] },
  };
}

const answers = (about: string, input: string, output: Cell): Layout => ({
  about,
  fields: { input: text(input) },
  output,
});

const closedBook = { task: "closed_book_qa", labels: [] } as const;

const letters = ["a", "b", "c", "d"] as const;

/** Fields of the four choices in a column. */
function choices(column: string, textsOf: (value: unknown) => unknown): Record<string, Cell> {
  return Object.fromEntries(letters.map((letter, i) => [letter, choice(column, i, textsOf)]));
}

const nestedTexts = (value: unknown) => (value as { text?: unknown } | null)?.text;
const choicesOfStem = (value: unknown) =>
  Array.isArray(value) ? value.map((each) => (each as { text?: unknown } | null)?.text) : null;

const written = "choose the correct answer to the question: QUESTION, then Answer1: to Answer4: and the answer format";
const instruction =
  /^Please choose the correct answer to the question: (.*?)\s+Answer1: (.*?) Answer2: (.*?) Answer3: (.*?) Answer4: (.*?)\s+Answer format: .*$/s;
/** One group of the instruction, from 0. */
const ofInstruction = (group: number): Cell =>
  matched(
    "instruction",
    // The other groups become plain ones.
    new RegExp(
      instruction.source.replace(/\(\.\*\?\)/g, ((seen) => () => seen++ === group ? "(.*?)" : "(?:.*?)")(0)),
      "s",
    ),
    written,
  );

const letterWords = { A: "A", B: "B", C: "C", D: "D" } as const;

/** The sets of P's translation, question answering, word sense and multiple choice tasks. */
export const promotDatasets: readonly Dataset[] = [
  translation("enfr", "WMT14 English-French", "fr", "French"),
  translation("ende", "WMT16 English-German", "de", "German"),
  translation("enro", "WMT16 English-Romanian", "ro", "Romanian"),
  {
    ...closedBook,
    name: "triviaqa",
    title: "TriviaQA",
    set: "triviaqa",
    layouts: [
      answers("TriviaQA", "Question", text("Answer.Value")),
      answers("Hugging Face mandarjoshi/trivia_qa", "question", text("answer.value")),
      {
        about: "FlashRAG",
        fields: { input: unquoted("question") },
        output: firstOf("golden_answers"),
      },
    ],
  },
  {
    ...closedBook,
    name: "webquestions",
    title: "WebQuestions",
    set: "webquestions",
    layouts: [
      answers(
        "webquestions.examples.train.json",
        "utterance",
        matched(
          "targetValue",
          /\(description (?:"((?:[^"\\]|\\.)*)"|([^()"]+))\)/,
          'a list such as (list (description "Jamaican English"))',
        ),
      ),
      answers("Hugging Face stanfordnlp/web_questions", "question", firstOf("answers")),
      answers("brmson/dataset-factoid-webquestions", "qText", firstOf("answers")),
      answers("GenRead", "question", firstOf("answer")),
    ],
  },
  {
    name: "wic",
    title: "WiC",
    task: "word_sense",
    set: "wic",
    labels: ["True", "False"],
    layouts: [
      {
        about: "SuperGLUE, and WiC's train.data.txt with train.gold.txt",
        fields: { input_1: text("sentence1"), input_2: text("sentence2"), word: text("word") },
        output: label("label", {
          true: "True",
          false: "False",
          1: "True",
          0: "False",
          T: "True",
          F: "False",
          "-1": null,
        }),
        headerless: ["word", "part_of_speech", "positions", "sentence1", "sentence2", "label"],
      },
    ],
    plain: { kind: "tsv" },
    partner: { ending: ".gold.txt", column: "label" },
  },
  {
    name: "openbookqa",
    title: "OpenbookQA",
    task: "multiple_choice",
    set: "openbookqa",
    labels: ["A", "B", "C", "D"],
    layouts: [
      {
        about: "OpenbookQA's train.jsonl",
        fields: { input: text("question.stem"), ...choices("question.choices", choicesOfStem) },
        output: label("answerKey", letterWords),
      },
      {
        about: "Hugging Face allenai/openbookqa",
        fields: { input: text("question_stem"), ...choices("choices", nestedTexts) },
        output: label("answerKey", letterWords),
      },
      {
        about: "LLM-Adapters",
        fields: {
          input: ofInstruction(0),
          ...Object.fromEntries(letters.map((letter, i) => [letter, ofInstruction(i + 1)])),
        },
        output: label("answer", { answer1: "A", answer2: "B", answer3: "C", answer4: "D" }),
      },
    ],
  },
];
