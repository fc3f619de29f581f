/**
 * Translation: trained on WMT14 English to French (`enfr`); `ende` and `enro` are WMT16 English to German and Romanian.
 * @module
 */
import type { Task } from "./types.ts";

// P's Table 7 does not say how the translation is marked off from the sentence: here it begins on the next line.
const prompt = "Translate {source} to {target}: {input}\n";

/** Prompt, shot counts and set roles of P's translation task. `source` and `target` are the languages' names. */
export const translation: Task = {
  name: "translation",
  paper: "P",
  kind: "generation",
  scorer: "bleu",
  fields: ["input", "source", "target"],
  labels: [],
  prompts: [prompt, prompt],
  shots: [0, 1, 4],
  fticlShots: [],
  maxNewTokens: 60,
  sets: { train: "enfr", inDomain: ["enfr"], outOfDomain: ["ende", "enro"] },
};
