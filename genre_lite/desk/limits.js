// The terms of one person as masks, and the codec under them: genre_lite/{codec,relations,limits,writing}.py.
// A point is an array of d numbers in the unit cube, NaN for a gap; a token is a place in a vocabulary.
(function (R) {
  "use strict";
  const CLOSE = 1e-9; // rounding of the unit cube
  const TOLERANCE = 1e-9; // of sums of decimal fractions in relations
  const HALF = 0.5 + 1e-6; // of a step: how far a value that is rounded to its step may be off
  const TRIED = 16; // values of a feature to come that are tried, where a relation asks for another change

  const round9 = (x) => (Number.isFinite(x) ? Math.round(x * 1e9) / 1e9 : x);
  /** A number without the rounding of the cube: twelve digits, less than any relation sees. */
  function plain(x) {
    if (!Number.isFinite(x) || x === 0) return x;
    const tenths = 10 ** (11 - Math.floor(Math.log10(Math.abs(x))));
    return even(x * tenths) / tenths;
  }
  /** The nearest whole number; of two as near, the even one. */
  function even(x) {
    const below = Math.floor(x);
    if (x - below !== 0.5) return Math.round(x);
    return below % 2 === 0 ? below : below + 1;
  }
  const same = (a, b) => Math.abs(a - b) <= CLOSE || (Number.isNaN(a) && Number.isNaN(b));

  /** The first place in ascending numbers where x could stand. */
  function left(sorted, x) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // -- codec ------------------------------------------------------------------------------------------

  /** Ranges and vocabularies: `about` holds features, low, width, price, grid and gap. */
  class Codec {
    constructor(about) {
      Object.assign(this, about);
      this.d = this.features.length;
      this.borders = this.grid.map((g) => g.slice(1).map((x, i) => (x + g[i]) / 2));
      this.sizes = this.grid.map((g, j) => g.length + (this.gap[j] >= 0 ? 1 : 0));
      this.categorical = this.features.map((f) => f.kind !== "numeric");
      this.nominal = this.features.map((f) => f.kind === "nominal");
    }

    /** A row of values, by name, as cells: numbers, levels by position, NaN for a gap. */
    codes(row) {
      return this.features.map((f) => this.code(f, row[f.name]));
    }

    /** A row of values, by name, as a point. */
    cube(row) {
      return this.codes(row).map((code, j) => (code - this.low[j]) / this.width[j]);
    }

    code(feature, value) {
      if (value === null || value === undefined) return NaN;
      if (feature.kind === "numeric") return Number(value);
      const place = feature.categories.indexOf(value);
      return place < 0 ? NaN : place;
    }

    /** Which relations hold of a row of values. */
    held(row) {
      const values = this.units(this.cube(row));
      return this.relations.map((relation) => holds(relation, values));
    }

    /** A row with what it follows from the rest computed again, by those relations that `held` before. */
    followed(row, held) {
      const made = { ...row };
      this.relations.forEach((relation, i) => {
        const j = relation.defines;
        if (j === null || !held[i]) return;
        const cells = this.codes(made);
        const must = value(relation, cells, cells[j]);
        if (Number.isFinite(must) && Math.abs(must - cells[j]) > CLOSE * this.width[j]) made[this.features[j].name] = plain(must);
      });
      return made;
    }

    /** The features that follow from the rest, by those relations that `held` before. */
    following(held) {
      return new Set(this.relations.flatMap(({ defines }, i) => (defines !== null && held[i] ? [defines] : [])));
    }

    token(j, x) {
      return Number.isNaN(x) ? this.gap[j] : left(this.borders[j], x);
    }

    tokens(point) {
      return point.map((x, j) => this.token(j, x));
    }

    /** The value of a token in the cube. */
    value(j, token) {
      return token === this.gap[j] ? NaN : this.grid[j][token];
    }

    /** A token as a cell. */
    cell(j, token) {
      if (token === this.gap[j]) return NaN;
      return this.categorical[j] ? token : this.values[j][token];
    }

    /** A cell as a table has it: a number, a level, or null for a gap. */
    said(j, cell) {
      if (Number.isNaN(cell)) return null;
      return this.categorical[j] ? this.features[j].categories[cell] : cell;
    }

    /** Numbers in the column's own unit, levels as positions. */
    units(point) {
      return point.map((x, j) =>
        this.categorical[j] ? Math.round(x * this.width[j]) : x * this.width[j] + this.low[j]
      );
    }

    /** What one feature adds to the L1 distance of two points, as Codec.metric has it. */
    apart(j, a, b) {
      const f = this.features[j];
      const wide = f.kind === "nominal" && f.categories.length > 2;
      const price = this.price[j];
      const gaps = Number.isNaN(a) !== Number.isNaN(b);
      let far;
      if (wide) {
        const levels = [a, b].map((x) => (Number.isNaN(x) ? -1 : Math.round(x * this.width[j])));
        const held = (levels[0] >= 0) + (levels[1] >= 0);
        far = levels[0] === levels[1] ? 0 : 0.5 * price * held;
      } else {
        const [x, y] = [a, b].map((v) => (Number.isNaN(v) ? 0.5 : v));
        far = price * Math.abs(x - y);
      }
      return far + (f.gaps && gaps ? 0.5 * price : 0);
    }
  }

  // -- relations --------------------------------------------------------------------------------------

  const SUMS = {
    Add: (a, b) => a + b,
    Sub: (a, b) => a - b,
    Mult: (a, b) => a * b,
    Div: (a, b) => a / b,
  };
  const SIGNS = {
    Lt: (a, b, equal) => a < b && !equal,
    LtE: (a, b, equal) => a < b || equal,
    Eq: (a, b, equal) => equal,
    NotEq: (a, b, equal) => !equal,
    GtE: (a, b, equal) => a > b || equal,
    Gt: (a, b, equal) => a > b && !equal,
  };

  function walk(tree, values) {
    const [what, ...parts] = tree;
    if (what === "name") return values[parts[0]];
    if (what === "number") return parts[0];
    if (what === "minus") return -walk(parts[0], values);
    if (what === "not") return !walk(parts[0], values);
    if (what === "and") return parts[0].every((part) => walk(part, values));
    if (what === "or") return parts[0].some((part) => walk(part, values));
    const [sign, a, b] = parts;
    const [x, y] = [walk(a, values), walk(b, values)];
    if (what === "sum") return SUMS[sign](x, y);
    const size = Math.max(magnitude(a, values), magnitude(b, values));
    return SIGNS[sign](x, y, Math.abs(x - y) <= TOLERANCE * size || x === y);
  }

  /** How large the numbers are that an amount is made of, and so the rounding in it. */
  function magnitude(tree, values) {
    if (tree[0] === "minus") return magnitude(tree[1], values);
    if (tree[0] !== "sum") return Math.abs(walk(tree, values));
    const [, sign, a, b] = tree;
    if (sign === "Div") return magnitude(a, values) / Math.abs(walk(b, values));
    return SUMS[sign === "Mult" ? "Mult" : "Add"](magnitude(a, values), magnitude(b, values));
  }

  /** Whether a relation holds of values in units; where one is missing, nothing can be said. */
  function holds(relation, values) {
    if (relation.names.some((j) => Number.isNaN(values[j])) || walk(relation.tree, values)) return true;
    return relation.step > 0 && Math.abs(values[relation.defines] - value(relation, values)) <= HALF * relation.step;
  }

  /** What the feature that a relation defines must be; with `own`, whole steps away from that. */
  function value(relation, values, own = null) {
    const made = walk(relation.tree[3], values);
    if (own === null || !relation.step) return made;
    const start = Number.isNaN(own) ? 0 : own;
    return start + even((made - start) / relation.step) * relation.step;
  }

  // -- limits -----------------------------------------------------------------------------------------

  /**
   * All terms of one person, compiled; `terms` has freeze, bounds, largest, maxChanges, weights, wait, and
   * `unread` names what the bank does not read.
   */
  class Limits {
    constructor(codec, row, terms = {}, unread = []) {
      this.codec = codec;
      this.terms = terms;
      this.row = row;
      this.written = codec.codes(row);
      this.cube = codec.cube(row);
      this.own = codec.tokens(this.cube);
      this.clocks = codec.features.map((f) => f.actionability === "clock");
      this.relations = codec.relations;
      this.defined = new Map(); // feature to relation, such as a total
      this.relations.forEach((r, i) => r.defines === null || this.defined.set(r.defines, i));
      this.active = codec.held(row); // what did not hold need not hold
      this.patience = Math.floor(terms.wait ?? 0);
      const tied = new Set(this.relations.flatMap((r) => r.names));
      this.unread = codec.features.map((f, j) => unread.includes(f.name) && !tied.has(j));
      this.most = terms.maxChanges ?? codec.d;
      this.pieces = codec.features.flatMap((f, j) => this.ofSchema(f, j)).concat(this.ofPerson());
      this.price = codec.features.map(
        // A feature may have any name, also that of what every object brings.
        (f, j) => codec.price[j] * (Object.hasOwn(terms.weights ?? {}, f.name) ? terms.weights[f.name] / f.weight : 1)
      );
      this.counted = codec.features.map((_, j) => !this.clocks[j] && !this.defined.has(j));
      this.assemble();
    }

    ofSchema(f, j) {
      const pieces = [];
      const mine = this.cube[j];
      const unless = (none) => (Number.isNaN(mine) ? none : mine); // a gap has no side
      if (f.actionability === "immutable") {
        pieces.push({ feature: j, name: `${f.name}: immutable`, fixed: true });
      } else if (this.unread[j] && !this.clocks[j]) {
        pieces.push({ feature: j, name: `${f.name}: the bank does not read it`, fixed: true });
      } else if (f.actionability === "increasing") {
        pieces.push({ feature: j, name: `${f.name}: only up`, low: unless(-Infinity) });
      } else if (f.actionability === "decreasing") {
        pieces.push({ feature: j, name: `${f.name}: only down`, high: unless(Infinity) });
      }
      if (f.bounds) pieces.push(this.bounded(j, f.bounds));
      if (f.largest !== null) pieces.push(this.stepped(j, f.largest));
      return pieces;
    }

    ofPerson() {
      const { freeze = [], bounds = {}, largest = {} } = this.terms;
      const place = (name) => this.codec.features.findIndex((f) => f.name === name);
      const pieces = freeze.map((name) => {
        return { feature: place(name), name: `${name}: frozen`, wish: "freeze", fixed: true };
      });
      for (const [name, pair] of Object.entries(bounds)) {
        pieces.push({ ...this.bounded(place(name), pair), wish: "bounds" });
      }
      for (const [name, step] of Object.entries(largest)) {
        pieces.push({ ...this.stepped(place(name), step), wish: "largest" });
      }
      return pieces;
    }

    bounded(j, [low, high]) {
      const { features, low: least, width } = this.codec;
      const end = (value, none) =>
        value === null || value === undefined
          ? none
          : (this.codec.code(features[j], value) - least[j]) / width[j];
      return { feature: j, name: `${features[j].name}: bounds`, low: end(low, -Infinity), high: end(high, Infinity) };
    }

    stepped(j, most) {
      const far = most / this.codec.width[j];
      const mine = this.cube[j];
      const piece = { feature: j, name: `${this.codec.features[j].name}: largest step` };
      return Number.isNaN(mine) ? piece : { ...piece, low: mine - far, high: mine + far };
    }

    assemble() {
      const { codec } = this;
      this.low = codec.features.map(() => -Infinity);
      this.high = codec.features.map(() => Infinity);
      this.fixed = this.clocks.slice(); // but for waiting
      for (const { feature: j, low = -Infinity, high = Infinity, fixed = false } of this.pieces) {
        this.low[j] = Math.max(this.low[j], low);
        this.high[j] = Math.min(this.high[j], high);
        this.fixed[j] ||= fixed;
      }
      this.allowed = codec.sizes.map((size, j) => {
        const may = new Uint8Array(size);
        codec.grid[j].forEach((value, token) => (may[token] = this.mayBe(j, value) ? 1 : 0));
        may[this.own[j]] = 1; // it means "stays"
        return may;
      });
      this.wait = this.within();
    }

    /** How many of the years that the person would wait the terms of the clocks let pass. */
    within() {
      const pieces = this.pieces.filter((piece) => this.clocks[piece.feature]);
      const stops = (then) => ({ feature: j, high = Infinity, fixed = false }) =>
        !same(then[j], this.cube[j]) && (fixed || then[j] > high + CLOSE);
      // Clocks move together, so the first that stops stops all.
      for (let w = 1; pieces.length && w <= this.patience; w++) {
        if (pieces.some(stops(this.after(w)))) return w - 1;
      }
      return this.patience;
    }

    mayBe(j, value) {
      const inside = value >= this.low[j] - CLOSE && value <= this.high[j] + CLOSE;
      if (!inside || this.fixed[j]) return false;
      return this.codec.categorical[j] || !(Math.abs(value - this.cube[j]) < this.visible(j, value));
    }

    /** The least change that is one step, and that four digits show. */
    visible(j, value) {
      const { features, low, width } = this.codec;
      const { step } = features[j];
      if (step) return (step - 1e-6 * step) / width[j];
      const sizes = [value, this.cube[j]].map((x) => Math.abs(x * width[j] + low[j]));
      const size = Math.max(Math.max(...sizes) || 0, 1e-12);
      return 10 ** (Math.floor(Math.log10(size)) - 3) / width[j];
    }

    /** Where the clocks stand after so many years. */
    after(years) {
      const { features, width } = this.codec;
      return this.cube.map((x, j) => {
        const f = features[j];
        if (!this.clocks[j]) return x;
        if (f.kind === "numeric") return x + (years * f.a_year) / width[j];
        if (!f.edges || !f.edges.length || Number.isNaN(x)) return x;
        const level = Math.round(x * width[j]);
        let then = level;
        f.edges.forEach((edge, to) => {
          const here = f.edges[level];
          if (edge !== null && here !== null && here + years >= edge && to > then) then = to;
        });
        return then / width[j];
      });
    }

    /** A point with what a relation computes computed again. */
    follow(point) {
      if (!this.defined.size) return point;
      const made = point.slice();
      for (const [j, r] of this.defined) {
        if (!this.active[r]) continue;
        const must = value(this.relations[r], this.codec.units(made), this.codec.units(this.cube)[j]);
        // Where a part is missing, what there was stays.
        made[j] = Number.isNaN(must) ? this.cube[j] : (must - this.codec.low[j]) / this.codec.width[j];
      }
      return made;
    }

    /** How many years have passed in an answer; -1 where its clocks disagree. */
    years(point) {
      for (let w = 0; w <= this.wait; w++) {
        const then = this.after(w);
        if (this.clocks.every((clock, j) => !clock || same(then[j], point[j]))) return w;
      }
      return this.clocks.some(Boolean) ? -1 : 0;
    }

    moved(point, j) {
      return !same(point[j], this.cube[j]);
    }

    changes(point) {
      return point.some((_, j) => this.moved(point, j));
    }

    /** What the bank is told of a point, in cells; what stays is as the person wrote it. */
    cells(point) {
      const { codec, written } = this;
      return point.map((x, j) => {
        if (!this.moved(point, j)) return written[j];
        if (!this.counted[j]) {
          const value = x * codec.width[j] + codec.low[j];
          return codec.categorical[j] ? Math.round(value) : plain(value);
        }
        const token = codec.token(j, x);
        return token === this.own[j] ? written[j] : codec.cell(j, token);
      });
    }

    cost(point) {
      let total = 0;
      point.forEach((x, j) => {
        const mine = this.cube[j];
        let move = Math.abs(x - mine);
        if (Number.isNaN(move)) {
          const known = Number.isNaN(mine) ? x : mine;
          move = Number.isNaN(known) ? 0 : 0.5 + Math.abs(0.5 - known);
        }
        if (this.codec.nominal[j]) move = move > 0 ? 1 : 0;
        total += move * this.price[j];
      });
      return total;
    }

    /** Whether relations and counts hold, and what is computed may be so. */
    holds(point) {
      const made = this.follow(point);
      const values = this.codec.units(made);
      const kept = this.relations.every((r, i) => !this.active[i] || holds(r, values));
      const count = made.filter((_, j) => this.counted[j] && this.moved(made, j)).length;
      if (!kept || count > this.most) return false;
      return [...this.defined.keys()].every((j) => !this.moved(made, j) || this.mayBe(j, made[j]));
    }

    /** The terms that a whole answer breaks, by name; the first one alone if one is enough. */
    broken(point, one = false) {
      const names = new Set();
      const { d } = this.codec;
      for (const { feature: j, name, low = -Infinity, high = Infinity, fixed = false } of this.pieces) {
        if (!this.moved(point, j)) continue;
        if (fixed || point[j] < low - CLOSE || point[j] > high + CLOSE) names.add(name);
        if (one && names.size) return names;
      }
      if (this.years(point) < 0) names.add("clocks: together, and no longer than the wait");
      const count = () => point.filter((_, j) => this.counted[j] && this.moved(point, j)).length;
      if (this.most < d && count() > this.most) names.add("max_changes");
      if (point.some((x, j) => Number.isNaN(x) && !Number.isNaN(this.cube[j]))) names.add("a gap is made");
      const values = this.codec.units(point);
      this.relations.forEach((r, i) => this.active[i] && !holds(r, values) && names.add(r.text));
      return names;
    }

    /** Whether a whole answer keeps every term, and no step is too small to be seen. */
    keeps(point) {
      if (this.broken(point, true).size) return false;
      return point.every((x, j) => {
        if (this.codec.categorical[j] || !this.counted[j]) return true;
        const move = Math.abs(x - this.cube[j]);
        return !(move > CLOSE && move < this.visible(j, x));
      });
    }

    /** Another's tokens put onto one's own wherever the terms let them. */
    graft(tokens) {
      const made = this.cube.map((mine, j) => {
        const token = tokens[j];
        return token !== this.own[j] && this.allowed[j][token] ? this.codec.value(j, token) : mine;
      });
      return this.follow(made);
    }
  }

  // -- writing ----------------------------------------------------------------------------------------

  /** What one candidate may write next: it carries a witness, a whole answer that keeps every term. */
  class Writing {
    constructor(limits, chance) {
      this.limits = limits;
      let start = limits.after(Math.floor(chance * (limits.wait + 1)));
      if (limits.relations.length) {
        // Where waiting alone breaks a relation, nobody waits.
        start = limits.follow(start);
        if (!limits.keeps(start)) start = limits.cube.slice();
      }
      this.point = start;
      this.count = 0;
      this.plans = limits.relations.length > 0;
      this.tight = limits.most < limits.counted.filter(Boolean).length;
    }

    given(j) {
      return this.limits.clocks[j] || this.limits.defined.has(j);
    }

    /** Which tokens of feature j may be written. */
    mask(j) {
      const { limits } = this;
      const size = limits.codec.sizes[j];
      if (this.given(j)) {
        const only = new Uint8Array(size);
        only[limits.codec.token(j, this.point[j])] = 1;
        return only;
      }
      const may = limits.allowed[j].slice();
      if (this.plans) {
        if (this.matters(j)) {
          const stays = limits.codec.token(j, this.point[j]); // the witness is always a way on
          const alike = !this.related(j); // then only the number of changes counts
          let fine = null;
          may.forEach((yes, token) => {
            if (!yes || token === stays) return;
            if (!alike || fine === null) fine = this.planned(j, token) !== null;
            if (!fine) may[token] = 0;
          });
        }
      } else if (this.tight && this.count >= limits.most) {
        may.forEach((_, token) => (may[token] &= token === limits.own[j] ? 1 : 0));
      }
      return may;
    }

    /** Write feature j. */
    take(j, token) {
      const { limits } = this;
      if (this.given(j)) return;
      if (this.plans && this.matters(j)) this.point = this.planned(j, token) ?? this.withToken(j, token);
      this.point = this.withToken(j, token);
      this.count += token === limits.own[j] ? 0 : 1;
      this.point = limits.follow(this.point);
    }

    withToken(j, token) {
      const point = this.point.slice();
      point[j] = token === this.limits.own[j] ? this.limits.cube[j] : this.limits.codec.value(j, token);
      return point;
    }

    matters(j) {
      return this.tight || this.related(j);
    }

    related(j) {
      return this.limits.relations.some((r) => r.names.includes(j));
    }

    /** The witness with a token, mended by one change to come if it must be; null if none mends it. */
    planned(j, token) {
      const { limits } = this;
      const point = this.withToken(j, token);
      if (limits.holds(point)) return point;
      for (const i of this.partners(j)) {
        for (const other of this.tried(i)) {
          if (!limits.allowed[i][other] || other === limits.own[i]) continue;
          const changed = point.slice();
          changed[i] = limits.codec.grid[i][other];
          if (limits.holds(changed)) return changed;
        }
      }
      return null;
    }

    partners(j) {
      const { limits } = this;
      const ahead = new Set();
      const join = (i) =>
        limits.relations.forEach((r) => r.names.includes(i) && r.names.forEach((p) => p > j && ahead.add(p)));
      join(j);
      // What a relation computes leads on to what it is computed of.
      [...ahead].forEach((i) => limits.defined.has(i) && join(i));
      return [...ahead].filter((i) => !this.given(i)).sort((a, b) => a - b);
    }

    /** Tokens of feature i that are tried, the person's nearest first. */
    tried(i) {
      const grid = this.limits.codec.grid[i];
      const mine = Number.isNaN(this.limits.cube[i]) ? 0.5 : this.limits.cube[i];
      const some = new Set();
      for (let t = 0; t < TRIED; t++) some.add(t === TRIED - 1 ? grid.length - 1 : Math.floor(t * ((grid.length - 1) / (TRIED - 1))));
      return [...some]
        .map((token) => [token, round9(Math.abs(grid[token] - mine))])
        .sort((a, b) => a[1] - b[1] || a[0] - b[0])
        .map(([token]) => token);
    }
  }

  Object.assign(R, { Codec, Limits, Writing, left, round9 });
})((globalThis.Recourse ??= {}));
