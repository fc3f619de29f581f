import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { philox, stream } from "../../training/random.ts";

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");

Deno.test("philox 4x32-10 gives the published Random123 known answers", () => {
  const ones = 0xffffffff;
  assertEquals(hex(philox([0, 0, 0, 0], [0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  assertEquals(hex(philox([ones, ones, ones, ones], [ones, ones])), "408f276d 41c83b0e a20bc7c6 6d5451fd");
  assertEquals(
    hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

Deno.test("a stream depends on its seed and on each of its names, and on nothing else", () => {
  const draw = (s: ReturnType<typeof stream>) => Array.from({ length: 8 }, () => s.u32());
  const base = draw(stream(7, "data-order", 0));
  assertEquals(draw(stream(7, "data-order", 0)), base);
  for (const other of [stream(8, "data-order", 0), stream(7, "data-order", 1), stream(7, "data-order", "0")]) {
    assertNotEquals(draw(other), base);
  }
});

Deno.test("a stream's first words stay what they are: seeds in files of old runs keep their meaning", () => {
  const first = stream(1, "golden");
  assertEquals(hex(Uint32Array.from({ length: 5 }, () => first.u32())), "ab8074fd 70dde8e4 24aca1dd 6eaf8093 36dfed3e");
  assertEquals(first.counter, 5);
});

Deno.test("below covers its range evenly, uniform is a multiple of 2^-24, normal has mean 0 and variance 1", () => {
  const s = stream(3, "statistics");
  const counts = new Array(7).fill(0);
  for (let i = 0; i < 7000; i++) counts[s.below(7)]++;
  for (const count of counts) assert(Math.abs(count - 1000) < 150, `${counts}`);
  let sum = 0, squares = 0;
  for (let i = 0; i < 5000; i++) {
    const u = s.uniform();
    assert(u >= 0 && u < 1 && Number.isInteger(u * 0x1000000));
    const n = s.normal();
    assert(Math.abs(n) <= 6 && Number.isInteger(n * 0x1000000));
    sum += n;
    squares += n * n;
  }
  assert(Math.abs(sum / 5000) < 0.06 && Math.abs(squares / 5000 - 1) < 0.08);
});

Deno.test("shuffle permutes a copy, pick chooses a member", () => {
  const items = Array.from({ length: 50 }, (_, i) => i);
  const s = stream(4, "shuffle");
  const shuffled = s.shuffle(items);
  assertNotEquals(shuffled, items);
  assertEquals(shuffled.toSorted((a, b) => a - b), items);
  assertEquals(items[49], 49);
  assert(items.includes(s.pick(items)));
});

Deno.test("a bad seed, name, range or empty list is an error that says what is valid", () => {
  assertThrows(() => stream(1.5, "x"), Error, "seed 1.5 is not valid: give an integer from 0");
  assertThrows(() => stream(-1), Error, "seed -1 is not valid");
  assertThrows(() => stream(1, NaN), Error, "stream name NaN is not valid");
  assertThrows(() => stream(1).below(0), Error, "below(0) is not valid");
  assertThrows(() => stream(1).pick([]), Error, "the list is empty");
});
