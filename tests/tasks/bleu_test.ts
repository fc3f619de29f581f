import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { testWithSharedData } from "../shared_data.ts";
import { bleu, bleuScore, bleuStatistics, bleuTokens, corpusBleu } from "../../tasks/metrics/bleu.ts";
import type { ItemStatistics } from "../../tasks/types.ts";

const readJson = (path: string) => JSON.parse(Deno.readTextFileSync(path));

/** Sums over items in sacreBLEU's arrangement. */
function summed(items: readonly ItemStatistics[]) {
  const sum = (name: string) => items.reduce((total, item) => total + item[name], 0);
  return {
    counts: [1, 2, 3, 4].map((n) => sum(`matches_${n}`)),
    totals: [1, 2, 3, 4].map((n) => sum(`total_${n}`)),
    sys_len: sum("predicted"),
    ref_len: sum("target"),
  };
}

interface CorpusScore {
  counts: number[];
  totals: number[];
  sys_len: number;
  ref_len: number;
}

function assertCorpus(items: readonly ItemStatistics[], expected: CorpusScore, score: number, what: string): void {
  const { counts, totals, sys_len, ref_len } = expected;
  assertEquals(summed(items), { counts, totals, sys_len, ref_len }, what);
  assertAlmostEquals(corpusBleu(items), score, 1e-9, what);
}

Deno.test("13a parts marks from words, but not inside numbers, and undoes entities", () => {
  const cases: [string, string][] = [
    ["It's 3.5 million (approx.).", "It's 3.5 million ( approx . ) ."],
    ["1,000.5, 10-year well-known", "1,000.5 , 10 - year well-known"],
    ["a &lt;b&gt; &amp;quot; &#39;", "a < b > & quot ; & # 39 ;"],
    ["two-\nparts, line\nend-\n", "twoparts , line end-"],
    ["a<skipped>b", "ab"],
    ["„Straße“ €5…", "„Straße“ €5…"],
    ["😀.x", "😀 . x"],
    ["line\x85sep \x1cfs \ufeffbom", "line sep fs \ufeffbom"],
    [" \n", ""],
  ];
  for (const [text, tokens] of cases) assertEquals(bleuTokens(text).join(" "), tokens);
});

Deno.test("BLEU of small texts is as counted by hand", () => {
  const statistics = bleuStatistics("the the the cat", ["the cat sat there"]);
  const counts = { matches_1: 2, matches_2: 1, matches_3: 0, matches_4: 0, total_1: 4, total_2: 3, total_3: 2 };
  assertEquals(statistics, { ...counts, total_4: 1, predicted: 4, target: 4 });
  // Precisions 2/4, 1/3, then half of 1/2 and a quarter of 1/1.
  assertAlmostEquals(bleuScore(statistics), 100 * (1 / 2 * 1 / 3 * 1 / 4 * 1 / 4) ** 0.25, 1e-12);
  assertAlmostEquals(bleu.value(bleuStatistics("a b", ["a b c d"])), 100 * Math.exp(-1), 1e-12);
  assertEquals(bleuScore(bleuStatistics("a b", ["a b c d"])), 0);
  assertEquals(bleu.value(bleuStatistics("", ["a"])), 0);
  assertEquals(bleu.value(bleuStatistics("a", [""])), 0);
});

Deno.test("of several references the closest in length counts, of two the shorter, and matches of any", () => {
  const target = (...lengths: number[]) => bleuStatistics("a b c", lengths.map((length) => "x ".repeat(length))).target;
  assertEquals([target(9, 4, 1), target(4, 2), target(2, 4)], [4, 2, 2]);
  assertEquals(bleuStatistics("a b a", ["a a", "b b"]).matches_1, 3);
  assertThrows(() => bleuStatistics("a", []), Error, "bleu: no references; valid: at least one");
});

Deno.test("a corpus is scored whole: its BLEU is not the mean of its items'", () => {
  const items = [bleuStatistics("a b c d", ["a b c d"]), bleuStatistics("p q r s", ["w x y z"])];
  assertEquals(items.map((item) => Math.round(bleu.value(item))), [100, 0]);
  assertAlmostEquals(bleu.aggregate(items), 50, 1e-9);
  const close = [items[0], bleuStatistics("a b c x", ["a b c d"])];
  assertAlmostEquals(bleu.aggregate(close), 100 * (7 / 8 * 5 / 6 * 3 / 4 * 1 / 2) ** 0.25, 1e-9);
  assertEquals(bleu.signature, "bleu|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|agg:corpus|version:1");
});

testWithSharedData("BLEU equals sacreBLEU on 350 real pairs", "metrics/rouge_bleu_pairs.jsonl", (path) => {
  const pairs = Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(pairs.length, 350);
  const items = pairs.map(({ prediction, reference }) => bleuStatistics(prediction, [reference]));
  for (const [i, { sent_bleu_effective_order }] of pairs.entries()) {
    assertAlmostEquals(bleu.value(items[i]), sent_bleu_effective_order, 1e-6, `pair ${i}`);
  }
  const { corpora } = readJson(path.replace("rouge_bleu_pairs.jsonl", "corpus_scores.json"));
  // The other sets' pairs are not in the folder, or not all of them.
  for (const set of ["xsum", "xlsum", "pdfs"]) {
    assertCorpus(items.filter((_, i) => pairs[i].set === set), corpora[set], corpora[set].corpus_bleu, set);
  }
});

testWithSharedData("BLEU and its tokens equal sacreBLEU on the traps", "metrics/metric-golden.json", (path) => {
  const { cases } = readJson(path).bleu;
  assertEquals(cases.length, 10);
  for (const expected of cases) {
    const { hyp, ref, tok_hyp, score } = expected;
    assertEquals(hyp.map((text: string) => bleuTokens(text).join(" ")), tok_hyp);
    const items = hyp.map((text: string, i: number) => bleuStatistics(text, [ref[i]]));
    assertCorpus(items, expected, score, JSON.stringify(hyp));
  }
});

testWithSharedData("BLEU equals sacreBLEU's own test values", "metrics/expected_upstream_bleu.json", (path) => {
  const { hyps, refs_streams, corpus_bleu, empty_hyps_score, stats } = readJson(path);
  const references = (i: number): string[] => refs_streams.map((stream: string[]) => stream[i]);
  const against = (texts: string[]) => corpusBleu(texts.map((text, i) => bleuStatistics(text, references(i))));
  assertAlmostEquals(against(hyps), corpus_bleu[0].score, 1e-6);
  assertEquals(against(hyps.map(() => "")), empty_hyps_score);
  const { counts, totals } = summed([bleuStatistics(stats.hyp, [stats.ref])]);
  assertEquals({ counts, totals }, { counts: stats.counts, totals: stats.totals });
});
