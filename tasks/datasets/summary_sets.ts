/**
 * Summaries: XSum, XLSum in English, PeerRead, CNN/DailyMail, WikiLingua in English.
 * @module
 */
import { followedBy, joined, text, type Values } from "./cells.ts";
import type { Dataset, Layout } from "./dataset.ts";

function layout(about: string, document: string, short: string): Layout {
  return { about, fields: { input: text(document) }, output: text(short) };
}

const common = { task: "summary", labels: [] } as const;

/** Sections of XSum's own files: `[SN]NAME[SN]` and the text up to the next. */
function xsumDocument(content: string, where: string): Values {
  const parts = content.split(/\[SN\]([A-Z-]+)\[SN\]/);
  const sections: Record<string, string> = {};
  for (let i = 1; i < parts.length; i += 2) sections[parts[i]] = parts[i + 1].trim();
  for (const name of ["FIRST-SENTENCE", "RESTBODY"]) {
    if (!Object.hasOwn(sections, name)) {
      throw new Error(`${where}: section "${name}" is missing; valid: [SN]${name}[SN]`);
    }
  }
  return sections;
}

/** CNN/DailyMail's own files: the story, then highlights, each after a line `@highlight`. */
function cnnStory(content: string, where: string): Values {
  const [story, ...highlights] = content.split(/^@highlight$/m).map((part) => part.trim());
  if (highlights.length === 0) throw new Error(`${where}: no line "@highlight"; valid: a story and its highlights`);
  return { article: story, highlights: highlights.map((each) => `${each} .`).join("\n") };
}

/** The sets of the summary task. */
export const summaryDatasets: readonly Dataset[] = [
  {
    ...common,
    name: "xsum",
    title: "XSum",
    set: "xsum",
    layouts: [
      layout("Hugging Face EdinburghNLP/xsum", "document", "summary"),
      layout("XSum's .summary files", "RESTBODY", "FIRST-SENTENCE"),
    ],
    plain: { kind: "document", parse: xsumDocument },
  },
  {
    ...common,
    name: "xlsum",
    title: "XLSum (English)",
    set: "xlsum",
    layouts: [layout("csebuetnlp/xlsum, english_train.jsonl", "text", "summary")],
  },
  {
    ...common,
    name: "pdfs",
    title: "PeerRead",
    set: "pdfs",
    // The abstract, and the title as its summary; the end is U's.
    layouts: [
      {
        about: "PeerRead's parsed_pdfs",
        fields: { input: text("metadata.abstractText") },
        output: followedBy(text("metadata.title"), " ."),
      },
      {
        about: "PeerRead's reviews, Hugging Face allenai/peer_read",
        fields: { input: text("abstract") },
        output: followedBy(text("title"), " ."),
      },
    ],
  },
  {
    ...common,
    name: "cnn",
    title: "CNN/DailyMail",
    set: "cnn",
    layouts: [layout("Hugging Face abisee/cnn_dailymail, or .story files", "article", "highlights")],
    plain: { kind: "document", parse: cnnStory },
  },
  {
    ...common,
    name: "wikilingua",
    title: "WikiLingua (English)",
    set: "wikilingua",
    layouts: [
      {
        ...layout("GEM/wiki_lingua", "source", "target"),
        only: { source_language: "en", target_language: "en" },
      },
      layout("GEM/wiki_lingua, its English files", "source", "target"),
      {
        about: "Hugging Face esdurmus/wiki_lingua",
        fields: { input: joined("article.document") },
        output: joined("article.summary"),
      },
    ],
  },
];
