import { assertEquals } from "@std/assert";
import { postprocess } from "../../tasks/mod.ts";
import { firstWords, splitWords, strip, stripEnd } from "../../tasks/white_space.ts";

Deno.test("an answer is stripped, then cut at the first blank line", () => {
  const cases: [string, string][] = [
    [" A summary.\n\n### Input:\nmore", "A summary."],
    ["\n\n A summary. \n\nmore", "A summary."],
    ["two\nlines\n", "two\nlines"],
    ["one\r\n\r\ntwo", "one\r\n\r\ntwo"],
    ["a\n\n\nb", "a"],
    ["\n\n", ""],
    ["", ""],
  ];
  for (const [generated, answer] of cases) {
    assertEquals(postprocess(generated), answer);
    assertEquals(postprocess(answer), answer);
  }
});

Deno.test("white space is what Python takes for it", () => {
  assertEquals(strip("\x1c\x1d\x1e\x1f\x85\xa0\u3000a b\x0b\x0c"), "a b");
  assertEquals(strip("\ufeffa\u200b"), "\ufeffa\u200b");
  assertEquals(stripEnd(" a \x1f\n"), " a");
  assertEquals(splitWords(" a\x1cb \x85\u2029c\ufeffd "), ["a", "b", "c\ufeffd"]);
  assertEquals(splitWords(" \n"), []);
});

Deno.test("a text's first words keep the white space between them, and a text of no more words is whole", () => {
  assertEquals(firstWords("one two three", 2), "one two");
  assertEquals(firstWords(" one\n\ttwo  three ", 2), " one\n\ttwo");
  assertEquals(firstWords("one two ", 2), "one two ");
  assertEquals(firstWords("one\x1ctwo\u3000three\ufeff four", 3), "one\x1ctwo\u3000three\ufeff");
  for (const text of ["", " \n", "caf\u00e9 \u{1f600}\u{1f600} end, of it.\n"]) {
    for (const count of [1, 2, 3, 9]) {
      const first = firstWords(text, count);
      assertEquals(text.startsWith(first), true);
      assertEquals(splitWords(first), splitWords(text).slice(0, count));
    }
  }
});
