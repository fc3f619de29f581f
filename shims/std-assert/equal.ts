/**
 * Deep equality as `@std/assert` 1.0.19 defines it.
 * @module
 */

type Keyed = Record<PropertyKey, unknown>;

function sameConstructor(a: object, b: object): boolean {
  const of = (value: object) => (value as { constructor?: unknown }).constructor ?? Object;
  return of(a) === of(b);
}

function keysOf(value: object): PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
  return [...Object.getOwnPropertyNames(value), ...symbols];
}

/** Each of `a` has a partner of its own in `b`; the sizes are equal already. */
function unorderedEqual<T>(a: Iterable<T>, b: Iterable<T>, same: (x: T, y: T) => boolean): boolean {
  const rest = [...b];
  for (const item of a) {
    const at = rest.findIndex((other) => same(item, other));
    if (at < 0) return false;
    rest.splice(at, 1);
  }
  return true;
}

function equalElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false;
  }
  return true;
}

/**
 * Tells whether two values have the same structure: NaN equals NaN, 0 equals -0, a missing key differs from
 * `undefined`, instances differ from literals, the order of maps and sets does not matter, and errors are equal only
 * where their stacks are.
 *
 * @param a One value.
 * @param b The other.
 * @returns Whether they are equal.
 *
 * @example
 * ```ts
 * import { assert, equal } from "@std/assert";
 *
 * assert(equal({ a: [1, NaN] }, { a: [1, NaN] }));
 * assert(!equal({ a: undefined }, {}));
 * ```
 */
export function equal(a: unknown, b: unknown): boolean {
  const seen = new Map<object, unknown>();
  function compare(x: unknown, y: unknown): boolean {
    if (Object.is(x, y)) return true;
    if (typeof x !== "object" || typeof y !== "object" || x === null || y === null) return x === y;
    if (!sameConstructor(x, y)) return false;
    if (x instanceof WeakMap || x instanceof WeakSet) {
      throw new TypeError(`cannot compare ${x.constructor.name} instances`);
    }
    if (x instanceof Date) return Object.is(x.getTime(), (y as Date).getTime());
    if (x instanceof RegExp || x instanceof URL) return String(x) === String(y);
    if (ArrayBuffer.isView(x) && "length" in x) {
      return equalElements(x as unknown as ArrayLike<unknown>, y as unknown as ArrayLike<unknown>);
    }
    if (x instanceof ArrayBuffer) return equalElements(new Uint8Array(x), new Uint8Array(y as ArrayBuffer));
    if (seen.get(x) === y) return true;
    seen.set(x, y);
    if (x instanceof Set || x instanceof Map) {
      const other = y as typeof x;
      if (x.size !== other.size) return false;
      return unorderedEqual<unknown>(x, other, compare);
    }
    const keys = keysOf(x);
    if (keys.length !== keysOf(y).length) return false;
    return keys.every((key) => key in y && compare((x as Keyed)[key], (y as Keyed)[key]));
  }
  return compare(a, b);
}
