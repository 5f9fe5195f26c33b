// The two networks of a fitted model, forward only: R_θ (genre_lite/model.py) and the surrogate.
// A matrix is {data, rows, columns}, row by row; a vector is a plain array, which a browser makes faster than a
// small typed one.
(function (R) {
  "use strict";
  const EPSILON = 1e-5; // of layer norm

  // -- numbers ------------------------------------------------------------------------------------------

  /** Half precision as doubles: base64 of little-endian words. */
  function halves(text) {
    const raw = atob(text);
    const out = new Float64Array(raw.length / 2);
    const power = Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 25));
    for (let i = 0; i < out.length; i++) {
      const word = raw.charCodeAt(2 * i) | (raw.charCodeAt(2 * i + 1) << 8);
      const sign = word & 0x8000 ? -1 : 1;
      const exponent = (word >> 10) & 31;
      const fraction = word & 1023;
      out[i] = sign * (exponent ? (fraction + 1024) * power[exponent] : fraction * power[1]);
    }
    return out;
  }

  /** erf to the last digit but one: its series near 0, a continued fraction beyond. */
  function erf(x) {
    const a = Math.abs(x);
    if (a > 6) return Math.sign(x);
    if (a < 2.5) {
      let term = a;
      let sum = a;
      for (let n = 1; Math.abs(term) > 1e-18 * sum && n < 200; n++) {
        term *= (2 * a * a) / (2 * n + 1);
        sum += term;
      }
      return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
    }
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
    return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
  }

  const gelu = (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
  const relu = (x) => Math.max(x, 0);
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  /** W x + b. */
  function linear({ weight, bias }, x) {
    const { data, rows, columns } = weight;
    const out = new Array(rows);
    for (let r = 0, at = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0; c < columns; c++, at++) sum += data[at] * x[c];
      out[r] = sum + bias.data[r];
    }
    return out;
  }

  function norm({ weight, bias }, x) {
    const n = x.length;
    let mean = 0;
    for (const v of x) mean += v;
    mean /= n;
    let spread = 0;
    for (const v of x) spread += (v - mean) ** 2;
    const scale = 1 / Math.sqrt(spread / n + EPSILON);
    const out = new Array(n);
    for (let i = 0; i < n; i++) out[i] = (x[i] - mean) * scale * weight.data[i] + bias.data[i];
    return out;
  }

  function add(a, b) {
    const out = new Array(a.length);
    for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
    return out;
  }

  /** Named tensors "a.b.c" as nested objects {a: {b: {c: …}}}. */
  function nested(tensors) {
    const tree = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      const words = name.split(".");
      let at = tree;
      words.slice(0, -1).forEach((word) => (at = at[word] ??= {}));
      const shape = tensor.shape;
      const data = typeof tensor.data === "string" ? halves(tensor.data) : Float64Array.from(tensor.data);
      const columns = shape.length ? shape[shape.length - 1] : 1;
      at[words[words.length - 1]] = { data, shape, rows: data.length / columns, columns };
    }
    return tree;
  }

  // -- R_θ ----------------------------------------------------------------------------------------------

  /** The autoregressive model: encode a person once, then one conditional after the other. */
  class Network {
    constructor({ heads, tensors }, codec) {
      this.heads = heads;
      this.codec = codec;
      Object.assign(this, nested(tensors));
      this.width = this.slope.columns;
      this.size = this.bias.columns; // to which vocabularies are padded
      this.layers = Object.values(this.decoder);
      this.score = new Float64Array(codec.d + 1);
    }

    embed(j, token, value, side) {
      const w = this.width;
      const out = new Array(w);
      const from = (j * this.size + token) * w;
      const slope = (side * this.codec.d + j) * w;
      for (let i = 0; i < w; i++) out[i] = this.token.data[from + i] + value * this.slope.data[slope + i];
      return out;
    }

    place_(part, j) {
      const from = (part * this.codec.d + j) * this.width;
      return Array.from(this.place.data.subarray(from, from + this.width));
    }

    memory(attention, x) {
      const both = linear(attention.key_value, x);
      return [both.slice(0, this.width), both.slice(this.width)];
    }

    /** One query over keys and values, head by head. */
    attend(attention, x, memory) {
      const query = linear(attention.query, x);
      const size = this.width / this.heads;
      const out = new Array(this.width).fill(0);
      const root = Math.sqrt(size);
      const { score } = this;
      for (let i = 0; i < query.length; i++) query[i] /= root;
      for (let from = 0; from < this.width; from += size) {
        let top = -Infinity;
        for (let m = 0; m < memory.length; m++) {
          const key = memory[m][0];
          let sum = 0;
          for (let i = from; i < from + size; i++) sum += query[i] * key[i];
          score[m] = sum;
          if (sum > top) top = sum;
        }
        let total = 0;
        for (let m = 0; m < memory.length; m++) total += score[m] = Math.exp(score[m] - top);
        for (let m = 0; m < memory.length; m++) {
          const value = memory[m][1];
          const weight = score[m] / total;
          for (let i = from; i < from + size; i++) out[i] += weight * value[i];
        }
      }
      return linear(attention.out, out);
    }

    feed(net, x) {
      return linear(net["2"], linear(net["0"], x).map(gelu));
    }

    /** Read a person: point without gaps, and tokens. */
    encode(point, tokens) {
      const known = point.map((x) => (Number.isNaN(x) ? 0.5 : x));
      const source = known.map((x, j) => this.embed(j, tokens[j], x, 0));
      let y = source.map((x, j) => add(x, this.place_(0, j)));
      for (const layer of Object.values(this.encoder)) {
        const normed = y.map((x) => norm(layer.norm_1, x));
        const memory = normed.map((x) => this.memory(layer.attention, x));
        y = y.map((x, j) => add(x, this.attend(layer.attention, normed[j], memory)));
        y = y.map((x) => add(x, this.feed(layer.feed, norm(layer.norm_2, x))));
      }
      y = y.map((x) => norm(this.norm_source, x));
      return {
        beside: source.map((x, j) => add(add(x, this.place_(2, j)), this.place_(1, j))),
        prior: known.map((x, j) => this.prior(j, x)),
        memories: this.layers.map((layer) => y.map((x) => this.memory(layer.cross, x))),
      };
    }

    prior(j, x) {
      const out = new Float64Array(this.codec.sizes[j]);
      for (let v = 0; v < out.length; v++) {
        let move = Math.abs(this.grid.data[j * this.size + v] - x);
        if (this.codec.nominal[j]) move = move > 1e-6 ? 1 : 0;
        out[v] = this.bias.data[j * this.size + v] - this.reach.data[j] * move;
      }
      return out;
    }

    /** Where writing begins: the log-odds of the first feature. */
    begin(cache) {
      return (cache.root ??= this.step(cache, 0, null, this.layers.map(() => [])));
    }

    /** Where writing stands after one more token. Answers that begin alike share what was computed. */
    after(cache, at, token) {
      if (!at.next.has(token)) at.next.set(token, this.step(cache, at.j + 1, token, at.seen));
      return at.next.get(token);
    }

    /** Log-odds over feature j's vocabulary, after `last`, the token before, and what the layers have `seen`. */
    step(cache, j, last, seen) {
      let h = cache.beside[j];
      if (j > 0) h = add(h, this.embed(j - 1, last, this.grid.data[(j - 1) * this.size + last], 1));
      const now = this.layers.map((layer, i) => {
        const normed = norm(layer.norm_1, h);
        const mine = [...seen[i], this.memory(layer.own, normed)];
        h = add(h, this.attend(layer.own, normed, mine));
        h = add(h, this.attend(layer.cross, norm(layer.norm_2, h), cache.memories[i]));
        h = add(h, this.feed(layer.feed, norm(layer.norm_3, h)));
        return mine;
      });
      h = norm(this.norm_out, h);
      const odds = cache.prior[j].slice();
      for (let v = 0, from = j * this.size * this.width; v < odds.length; v++, from += this.width) {
        let sum = 0;
        for (let i = 0; i < this.width; i++) sum += h[i] * this.readout.data[from + i];
        odds[v] += sum;
      }
      return { j, odds, seen: now, next: new Map() };
    }
  }

  // -- estimates ----------------------------------------------------------------------------------------

  /** V̂ and P̂ as a network. */
  class Surrogate {
    constructor({ tensors }, codec) {
      Object.assign(this, nested(tensors));
      this.ordered = codec.features.map((_, j) => j).filter((j) => !codec.nominal[j]);
      this.first = [];
      codec.sizes.reduce((sum, size) => (this.first.push(sum), sum + size), 0);
      this.shares = codec.features.map(() => new Map());
    }

    answers(point, tokens) {
      // The first layer is a sum over features, and what one value adds to it is kept.
      const sum = Array.from(this.smooth.bias.data);
      for (let j = 0; j < tokens.length; j++) {
        let share = this.shares[j].get(point[j]);
        if (!share) this.shares[j].set(point[j], (share = this.share(j, point[j], tokens[j])));
        for (let i = 0; i < sum.length; i++) sum[i] += share[i];
      }
      const hidden = linear(this.net["1"], sum.map(relu)).map(relu);
      return Array.from(linear(this.net["3"], hidden), sigmoid);
    }

    /** What a feature's value adds to the units of the first layer. */
    share(j, value, token) {
      const w = this.steps.columns;
      const from = (this.first[j] + token) * w;
      const out = Array.from(this.steps.data.subarray(from, from + w));
      const place = this.ordered.indexOf(j);
      if (place < 0) return out;
      const x = Number.isNaN(value) ? 0.5 : value;
      const { data, columns } = this.smooth.weight;
      const count = this.ordered.length;
      const pitches = this.pitch.data;
      for (let i = 0; i < w; i++) {
        const row = i * columns;
        out[i] += data[row + place] * x;
        pitches.forEach((pitch, p) => {
          const sine = row + count + place * pitches.length + p;
          out[i] += data[sine] * Math.sin(x * pitch);
          out[i] += data[sine + count * pitches.length] * Math.cos(x * pitch);
        });
      }
      return out;
    }
  }

  Object.assign(R, { Network, Surrogate, erf, linear });
})((globalThis.Recourse ??= {}));
