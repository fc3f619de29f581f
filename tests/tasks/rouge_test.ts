import { assertAlmostEquals, assertEquals } from "@std/assert";
import { testWithSharedData } from "../shared_data.ts";
import { rougeMetric, type RougeName, rougeScore, rougeStatistics, rougeTokens } from "../../tasks/metrics/rouge.ts";
import { porterStem } from "../../tasks/metrics/porter.ts";

const names: readonly RougeName[] = ["rouge1", "rouge2", "rougeL"];
const lines = (path: string): string[] => Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");

/** Precision, recall, F1. */
function score(name: RougeName, prediction: string, target: string, stem = false): [number, number, number] {
  const { precision, recall, f1 } = rougeScore(rougeStatistics(name, prediction, target, stem));
  return [precision, recall, f1];
}

function assertScore(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, tolerance, what));
}

Deno.test("tokens are lower-cased runs of ASCII letters and digits", () => {
  const cases: [string, string[]][] = [
    ["A 10-year-old's £3.5m", ["a", "10", "year", "old", "s", "3", "5m"]],
    ["Café naïve", ["caf", "na", "ve"]],
    ["\u0130stanbul \u212a", ["i", "stanbul", "k"]],
    ["a\ufeffb\x85c\x1cd\u200be", ["a", "b", "c", "d", "e"]],
    ["snake_case", ["snake", "case"]],
    ["Прямой эфир !!!", []],
    ["", []],
  ];
  for (const [text, tokens] of cases) assertEquals(rougeTokens(text), tokens);
});

Deno.test("ROUGE of small pairs is as counted by hand", () => {
  const cases: [RougeName, string, string, Record<string, number>, number][] = [
    ["rouge1", "testing", "testing one two", { overlap: 1, predicted: 1, target: 3 }, 50],
    ["rouge2", "testing one", "testing one two", { overlap: 1, predicted: 1, target: 2 }, 200 / 3],
    ["rougeL", "testing two", "testing one two", { lcs: 2, predicted: 2, target: 3 }, 80],
    ["rougeL", "f e d c b a", "a b c d e f", { lcs: 1, predicted: 6, target: 6 }, 100 / 6],
    ["rouge1", "the the the", "the cat the", { overlap: 2, predicted: 3, target: 3 }, 200 / 3],
    ["rouge2", "one", "one", { overlap: 0, predicted: 0, target: 0 }, 0],
    ["rouge2", "a b a b", "a b", { overlap: 1, predicted: 3, target: 1 }, 50],
    ["rougeL", "", "one two", { lcs: 0, predicted: 0, target: 2 }, 0],
    ["rougeL", "", "", { lcs: 0, predicted: 0, target: 0 }, 0],
  ];
  for (const [name, prediction, target, statistics, value] of cases) {
    const counted = rougeStatistics(name, prediction, target);
    assertEquals(counted, statistics);
    assertAlmostEquals(rougeMetric(name).value(counted), value, 1e-12);
  }
});

Deno.test("signatures say which ROUGE was computed", () => {
  assertEquals(rougeMetric("rougeL").signature, "rougeL|tok:rouge_score|stem:no|agg:mean|version:1");
  assertEquals(rougeMetric("rouge2", true).signature, "rouge2|tok:rouge_score|stem:porter-nltk|agg:mean|version:1");
});

Deno.test("stems are NLTK's", () => {
  const cases =
    "caresses:caress ponies:poni ties:tie cats:cat feed:feed agreed:agre plastered:plaster motoring:motor sing:sing " +
    "conflated:conflat troubled:troubl sized:size hopping:hop falling:fall hissing:hiss failing:fail filing:file " +
    "happy:happi sky:sky enjoy:enjoy dying:die relational:relat conditional:condit radically:radic analogousli:analog " +
    "vietnamization:vietnam predication:predic hopefulness:hope formalize:formal electrical:electr goodness:good " +
    "revival:reviv replacement:replac adoption:adopt probate:probat rate:rate cease:ceas controll:control roll:roll " +
    "died:die cried:cri innings:inning proceed:proceed geology:geolog 1980s:1980 as:as";
  for (const pair of cases.split(" ")) {
    const [word, stem] = pair.split(":");
    assertEquals(porterStem(word), stem, word);
  }
});

testWithSharedData("stems equal NLTK's for 5,782 words", "metrics/porter_nltk.json", (path) => {
  const stems = Object.entries(JSON.parse(Deno.readTextFileSync(path)) as Record<string, string>);
  assertEquals(stems.length, 5782);
  assertEquals(stems.filter(([word, stem]) => porterStem(word) !== stem), []);
});

testWithSharedData("ROUGE equals rouge_score on 350 real pairs", "metrics/rouge_bleu_pairs.jsonl", (path) => {
  type Pair =
    & { set: string; prediction: string; reference: string }
    & Record<"stem" | "nostem", Record<string, number[]>>;
  const pairs = lines(path).map((line) => JSON.parse(line) as Pair);
  assertEquals(pairs.length, 350);
  for (const [i, pair] of pairs.entries()) {
    for (const name of names) {
      for (const stem of [false, true]) {
        const expected = pair[stem ? "stem" : "nostem"][name];
        assertScore(
          score(name, pair.prediction, pair.reference, stem),
          expected,
          1e-6,
          `pair ${i} ${name} stem ${stem}`,
        );
      }
    }
  }
});

testWithSharedData("mean ROUGE equals rouge_score's over each set", "metrics/corpus_scores.json", (path) => {
  const { corpora } = JSON.parse(Deno.readTextFileSync(path)) as {
    corpora: Record<string, { n: number; rouge_mean_F_nostem: Record<string, number> }>;
  };
  const pairs = lines(path.replace("corpus_scores.json", "rouge_bleu_pairs.jsonl")).map((line) => JSON.parse(line));
  // The other sets' pairs are not in the folder, or not all of them.
  for (const set of ["xsum", "xlsum", "pdfs"]) {
    const { n, rouge_mean_F_nostem } = corpora[set];
    const items = pairs.filter((pair) => pair.set === set);
    assertEquals(items.length, n);
    for (const name of names) {
      const mean = items.reduce((sum, p) => sum + score(name, p.prediction, p.reference)[2], 0) / n;
      assertAlmostEquals(mean, rouge_mean_F_nostem[name], 1e-9, `${set} ${name}`);
    }
  }
});

testWithSharedData("ROUGE and its tokens equal rouge_score on the traps", "metrics/metric-golden.json", (path) => {
  const { rouge } = JSON.parse(Deno.readTextFileSync(path)) as {
    rouge: { cases: { prediction: string; target: string; rougeL: number[]; tokens: string[][] }[] };
  };
  assertEquals(rouge.cases.length, 13);
  for (const { prediction, target, rougeL, tokens } of rouge.cases) {
    assertEquals([rougeTokens(target), rougeTokens(prediction)], tokens);
    assertScore(score("rougeL", prediction, target), rougeL, 1e-12, JSON.stringify(target));
  }
});

testWithSharedData("ROUGE equals google-research's own test values", "metrics/rouge", (path) => {
  type Case = { rouge: string; stem: boolean; P: number; R: number; F: number };
  type Bootstrap = Record<string, { F: [number, number, number] }>;
  const golden = JSON.parse(Deno.readTextFileSync(`${path}/expected_upstream.json`)) as {
    cases: (Case & { target: string; prediction: string })[];
    target_txt_lines: (Case & { line: number })[];
    large_lines_bootstrap_delta_0_002: Bootstrap;
  } & Record<string, Bootstrap>;
  const isOurs = (name: string): name is RougeName => (names as readonly string[]).includes(name);
  let checked = 0;
  for (const { rouge, stem, target, prediction, P, R, F } of golden.cases) {
    if (!isOurs(rouge)) continue;
    assertScore(score(rouge, prediction, target, stem), [P, R, F], 1e-12, rouge);
    checked++;
  }
  const testdata = (name: string) => lines(`${path}/testdata/${name}`);
  for (const { rouge, stem, line, P, R, F } of golden.target_txt_lines) {
    if (!isOurs(rouge)) continue;
    const actual = score(rouge, testdata("prediction.txt")[line], testdata("target.txt")[line], stem);
    assertScore(actual, [P, R, F], 1e-5, `line ${line} ${rouge} stem ${stem}`);
    checked++;
  }
  assertEquals(checked, 11);
  // Upstream compares its bootstrap's middle with ROUGE-1.5.5's to 0.002; the arithmetic mean meets that too.
  const targets = testdata("target_large.txt");
  const predictions = testdata("prediction_large.txt");
  const meanF1 = (name: RougeName, stem: boolean, pairs: readonly (readonly [string, string])[]) =>
    pairs.reduce((sum, [prediction, target]) => sum + score(name, prediction, target, stem)[2], 0) / pairs.length;
  for (const [key, { F }] of Object.entries(golden["large_lines_bootstrap_delta_0.002"])) {
    const [name, stem] = key.split("_");
    const mean = meanF1(name as RougeName, stem === "stem", targets.map((target, i) => [predictions[i], target]));
    assertAlmostEquals(mean, F[1], 0.002, key);
  }
  const multi = testdata("pyrouge_multi_250.jsonl").map((line) => JSON.parse(line));
  for (const [name, { F }] of Object.entries(golden["pyrouge_multi_250_stem_bootstrap_delta_0.002"])) {
    if (!isOurs(name)) continue;
    assertAlmostEquals(meanF1(name, true, multi.map((p) => [p.prediction, p.target])), F[1], 0.002, name);
  }
});
