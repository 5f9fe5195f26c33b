// Random numbers that belong to a person, as genre_lite/threefry.py makes them: Threefry-2x32, 20 rounds.
(function (R) {
  "use strict";
  const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];
  const PARITY = 0x1bd11bda;

  /** Two random words for a key and a counter, each two 32-bit words. */
  function threefry(k0, k1, c0, c1) {
    const schedule = [k0, k1, (k0 ^ k1 ^ PARITY) >>> 0];
    let a = (c0 + k0) >>> 0;
    let b = (c1 + k1) >>> 0;
    for (let group = 0; group < 5; group++) {
      for (let i = 0; i < 4; i++) {
        const bits = ROTATIONS[(group % 2) * 4 + i];
        a = (a + b) >>> 0;
        b = ((b << bits) | (b >>> (32 - bits))) >>> 0;
        b = (b ^ a) >>> 0;
      }
      a = (a + schedule[(group + 1) % 3]) >>> 0;
      b = (b + schedule[(group + 2) % 3] + group + 1) >>> 0;
    }
    return [a, b];
  }

  /** A person's key: the seed takes up one token after the other. */
  function key(tokens, seed) {
    const whole = BigInt(seed);
    let words = [Number(whole & 0xffffffffn), Number((whole >> 32n) & 0xffffffffn)];
    tokens.forEach((token, j) => {
      words = threefry(words[0], words[1], token, j);
    });
    return words;
  }

  /** u = (w + 1/2) / 2^32, w the first word for a candidate and a feature. */
  const uniform = (of, candidate, feature) =>
    (threefry(of[0], of[1], candidate, feature)[0] + 0.5) / 2 ** 32;

  Object.assign(R, { threefry, key, uniform });
})((globalThis.Recourse ??= {}));
