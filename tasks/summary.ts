/**
 * Summary generation: trained on XSum. `pdfs` is PeerRead (abstract to title), `cnn` is CNN/DailyMail.
 * @module
 */
import type { Task } from "./types.ts";

/** Prompts, shot counts and set roles of U's summary task. */
export const summary: Task = {
  name: "summary",
  paper: "U",
  kind: "generation",
  scorer: "rouge",
  fields: ["input"],
  labels: [],
  prompts: [
    "### Input:\n{input}\n### Summary:",
    "Please read the following text:{input}\nProvide a summary:",
  ],
  shots: [0, 1, 2, 4],
  fticlShots: [1, 2],
  maxNewTokens: 60,
  sets: { train: "xsum", inDomain: ["xsum", "xlsum"], outOfDomain: ["pdfs", "cnn"] },
};
