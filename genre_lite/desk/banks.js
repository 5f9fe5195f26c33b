// The bank's decision, as genre_lite/desk/banks.py carries it: inputs, then layers or trees, then a link.
(function (R) {
  "use strict";

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const whole = (shares) => {
    const total = shares.reduce((a, b) => a + b, 0);
    return shares.map((share) => share / total);
  };
  const LINKS = {
    identity: (sums) => sums,
    sigmoid: (sums) => sums.map(sigmoid),
    softmax: (sums) => {
      const top = Math.max(...sums);
      return whole(sums.map((x) => Math.exp(x - top)));
    },
    each: (sums) => whole(sums.map(sigmoid)),
  };
  const BENDS = { relu: (x) => Math.max(x, 0), tanh: Math.tanh, logistic: sigmoid, identity: (x) => x };
  const known = (x) => (x === null ? NaN : x);
  const STEPS = {
    minus: (x, c) => x - c,
    over: (x, c) => x / c,
    times: (x, c) => x * c,
    plus: (x, c) => x + c,
    clip: (x, low, high) => Math.min(Math.max(x, low), high),
    fill: (x, c) => (Number.isNaN(x) ? c : x),
    gap: (x) => (Number.isNaN(x) ? 1 : 0),
    void: (x) => (x === 0 ? NaN : x),
    single: Math.fround,
    look: (x, keys, values, gap, other) => {
      const place = keys.indexOf(x);
      return place >= 0 ? values[place] : known(Number.isNaN(x) ? gap : other);
    },
  };

  /** From the cell of one feature to one input. */
  function input({ table, steps }) {
    if (table) {
      const made = table.map(known);
      return (x) => made[Number.isNaN(x) ? made.length - 1 : x];
    }
    const chain = steps.map(([name, ...constants]) => [STEPS[name], constants]);
    return (x) => chain.reduce((value, [step, constants]) => step(value, ...constants), x);
  }

  class Layers {
    constructor({ layers, bend }) {
      this.bend = BENDS[bend];
      this.layers = layers.map(({ weight, bias }) => {
        const [rows, columns] = weight.shape;
        return { weight: { data: weight.data, rows, columns }, bias: { data: bias } };
      });
    }

    sums(x) {
      return this.layers.reduce((y, layer, i) => R.linear(layer, i ? y.map(this.bend) : y), x);
    }
  }

  /** Base64 of little-endian words. */
  const words = (text, Kind) => new Kind(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

  /** Each tree a root before its left branch before its right one. */
  class Trees {
    constructor({ split, right, number, sets, roots, outputs, base, over, single }) {
      Object.assign(this, { roots, outputs, base, over });
      this.split = words(split, Int32Array);
      this.right = words(right, Int32Array);
      this.number = words(number, Float64Array);
      this.sets = sets.map((members) => new Set(members));
      this.rounded = single ? Math.fround : (x) => x;
    }

    leaf(root, x) {
      const { split, right, number, sets } = this;
      let at = root;
      for (let what = split[at]; what >= 0; what = split[at]) {
        const value = x[what >> 2];
        let left;
        if (Number.isNaN(value)) left = what & 1;
        else if (what & 2) left = sets[number[at]].has(Math.trunc(value));
        else left = value <= number[at];
        at = left ? at + 1 : right[at];
      }
      return number[at];
    }

    sums(x) {
      const { rounded, outputs } = this;
      const sums = this.base.map(rounded);
      this.roots.forEach((root, t) => (sums[outputs[t]] = rounded(sums[outputs[t]] + rounded(this.leaf(root, x)))));
      return sums.map((sum) => sum / this.over);
    }
  }

  /** Asked about cells: numbers in units, levels by position, NaN for a gap. */
  class Bank {
    constructor(about) {
      this.inputs = about.inputs.map((told) => [told.of, input(told)]);
      this.model = about.kind === "trees" ? new Trees(about) : new Layers(about);
      this.link = LINKS[about.link];
      this.good = about.good;
    }

    /** h(x), and whether the most probable class is a favourable one. */
    ask(cells) {
      let shares = this.link(this.model.sums(this.inputs.map(([of, made]) => made(cells[of]))));
      if (shares.length === 1) shares = [1 - shares[0], shares[0]];
      let chance = 0;
      let first = 0;
      shares.forEach((share, c) => {
        if (this.good[c]) chance += share;
        if (share > shares[first]) first = c;
      });
      return { chance, favoured: this.good[first] };
    }
  }

  Object.assign(R, { Bank });
})((globalThis.Recourse ??= {}));
