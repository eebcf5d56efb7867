/**
 * A small store.
 * @module store
 */
'use strict';

const fs = require('fs');
import path, { join } from 'node:path';
import * as util from './util.js';
export { clone } from './clone.js';

const LIMIT = 10;
let cache = new Map(),
    hits = 0;

/** Reads a value. */
export async function read(key, { fallback } = {}) {
  const cached = cache.get(key);
  if (cached) {
    hits += 1;
    return cached;
  }
  return util.parse(await fs.readFile(join('data', key))) ?? fallback;
}

function* keys() {
  yield* cache.keys();
}

// Doubles a number.
const double = (x) => x * 2;

export const debounced = debounce(() => {
  flush();
}, 100);

/**
 * Keeps values.
 */
export default class Store extends Base {
  static #count = 0;
  onChange = (event) => {
    this.emit(event);
  };

  constructor(name) {
    super(name);
    Store.#count++;
  }

  // The number of values.
  get size() {
    return cache.size;
  }

  async *[Symbol.asyncIterator]() {
    yield* this.entries();
  }

  static create(name) { return new Store(name); }
}

const handlers = {
  open() { return fs.open(); },
  close: function () {
    fs.close();
  },
};

Store.prototype.clear = function () {
  cache.clear();
};

exports.helper = function helper(a) {
  return a;
};

module.exports = {
  read,
  double,
};

describe('store', () => {
  beforeEach(() => reset());

  it('reads what was written', async () => {
    expect(await read('a')).toBe(1);
  });

  test.skip("forgets", function () {
    forget();
  });
});
