// From draws to options, for one person: genre_lite/{sampling,refinement,choice,teaching,genre}.py.
(function (R) {
  "use strict";
  const { round9 } = R;
  const READINESS = 0.05; // of Score: how much worth a further option may give up to differ
  const LEAST = 0.1; // of a range: what differs by less is the same option
  const FIRST = 32; // candidates that the bank is asked about at first
  const STARTS = 2; // candidates from which one answer is refined
  const ROUNDS = 200;
  const NEAR = 8; // accepted profiles that join the draws

  /** A fitted model at work: what `about` holds is what the exporter wrote. */
  class Model {
    constructor(about) {
      this.about = about;
      this.codec = new R.Codec(about.codec);
      this.network = new R.Network(about.network, this.codec);
      this.surrogate = new R.Surrogate(about.surrogate, this.codec);
      this.bank = new R.Bank(about.bank);
      this.profiles = about.profiles; // as tokens
    }

    /** The n best options of a person under their terms. */
    recommend(row, terms = {}, n = 1) {
      const answers = this.answers(row, terms, n);
      let step;
      do step = answers.next();
      while (!step.done);
      return step.value;
    }

    /** The same, with a stop after each search: what was found so far; the first option is there at the first. */
    *answers(row, terms = {}, n = 1) {
      const limits = new R.Limits(this.codec, row, terms, this.about.unread);
      const asked = new Asked(this, limits, terms);
      const now = { bar: asked.bar, chance: asked.chance(limits.cube), accepted: asked.yes(limits.cube) };
      const told = (options) => ({ ...now, limits, options: options.map((point) => this.told(point, limits, asked)) });
      let options = [];
      if (!now.accepted) options = yield* this.sampled(limits, asked, 1, null, () => told([]));
      // The answer stays the first option, however many more are asked for.
      if (n > 1 && options.length) {
        const [first] = options;
        yield told(options);
        options = yield* this.sampled(limits, asked, n, first, told);
      }
      return told(options);
    }

    /** The answer, or the n options of which it is the first. */
    *sampled(limits, asked, n, answer, told) {
      const { candidates, tries, temperature, bolder } = this.about.recipe;
      const k = Math.max(candidates, n);
      let drawn = [];
      let options = [];
      for (let attempt = 0; attempt < tries && options.length < n; attempt++) {
        // With fewer than n, twice as many are drawn, and twice as boldly.
        const more = asked.once(`${k} draws, ${attempt}`, () =>
          this.draws(limits, k * 2 ** attempt, {
            temperature: temperature * bolder ** attempt,
            first: k * (2 ** attempt - 1),
          })
        );
        drawn = answer ? drawn.concat(more) : more;
        options = this.best(drawn, limits, asked, n, answer);
        yield told(options);
      }
      return options;
    }

    /** A person as the network has read them; the last one is kept, for their terms change more often. */
    read(limits) {
      const mark = [...limits.cube, ...limits.own].join();
      if (this.kept?.mark !== mark) {
        this.kept = { mark, cache: this.network.encode(limits.cube, limits.own) };
      }
      return this.kept.cache;
    }

    /** k candidates, numbered from `first`, as points. */
    draws(limits, k, { temperature, first = 0 }) {
      const cache = this.read(limits);
      const key = R.key(limits.own, this.about.seed);
      const points = [];
      for (let c = first; c < first + k; c++) {
        const writing = new R.Writing(limits, R.uniform(key, c, this.codec.d));
        let at = null;
        let last = null;
        for (let j = 0; j < this.codec.d; j++) {
          at = j ? this.network.after(cache, at, last) : this.network.begin(cache);
          last = byWeight(bold(at.odds, writing.mask(j), temperature), R.uniform(key, c, j));
          writing.take(j, last);
        }
        points.push(writing.point);
      }
      return points;
    }

    /** The n best options; whoever has none that is surely good looks at more profiles. */
    best(drawn, limits, asked, n, answer) {
      const most = this.profiles.length;
      for (let tried = NEAR; ; tried *= 4) {
        const near = asked.near(tried);
        const options = this.among([...drawn, ...near], near, limits, asked, n, answer);
        if (tried >= most || (options.length && this.isSure(options[0], asked))) return options;
      }
    }

    among(points, near, limits, asked, n, answer) {
      const keep = n > 1 ? 6 * n : STARTS;
      let chosen = bestOf(points, limits, asked, keep, n > 1);
      const sure = this.sure(near, limits, asked);
      if (sure) chosen.push(sure);
      const simplest = (point) => sooner(refine(sooner(point, limits, asked), limits, asked), limits, asked);
      chosen = chosen.map((point) => (asked.about(point).refined ??= simplest(point)));
      const told = chosen.map((point) => ({
        point,
        worth: round9(asked.worth(point)),
        price: round9(limits.cost(point)),
      }));
      told.sort((a, b) => b.worth - a.worth || a.price - b.price);
      if (answer) told.unshift({ point: answer, worth: 1 + Math.max(0, ...told.map((t) => t.worth)) });
      const good = told.filter((t, i) => i === 0 || n === 1 || this.isSure(t.point, asked));
      return spread(good, limits, n);
    }

    /** The cheapest accepted profile, copied as far as the terms let it, that the bank accepts. */
    neighbour(limits, asked) {
      const near = asked.near(this.profiles.length);
      return near.find((point) => limits.changes(point) && asked.accepts(point)) ?? null;
    }

    /** The cheapest accepted profile that is surely valid and plausible. */
    sure(near, limits, asked) {
      let best = null;
      let least = Infinity;
      for (const point of near) {
        if (!this.isSure(point, asked)) continue;
        if (!limits.changes(point) || !asked.accepts(point)) continue;
        const price = round9(limits.cost(point));
        if (price < least) [best, least] = [point, price];
      }
      return best;
    }

    /** Surely valid, and plausible, by the estimates. */
    isSure(point, asked) {
      const [valid, plausible] = asked.believed(point);
      return valid > this.about.validity_margin && plausible > 0.5;
    }

    /** An answer in original units: every value, and what changes. */
    told(point, limits, asked) {
      const { codec } = this;
      const values = {};
      const changed = [];
      limits.cells(point).forEach((cell, j) => {
        if (Object.is(cell, limits.written[j])) return;
        values[codec.features[j].name] = codec.said(j, cell);
        changed.push(j);
      });
      const [valid, plausible] = asked.believed(point);
      return { point, values, changed, cost: limits.cost(point), chance: asked.chance(point), valid, plausible };
    }
  }

  /** What the bank and the estimates say of points; each is asked once. */
  class Asked {
    constructor(model, limits, terms) {
      Object.assign(this, { model, limits });
      this.bar = terms.threshold ?? model.about.threshold;
      this.margin = terms.margin ?? 0;
      this.made = new Map();
      this.known = new Map();
      this.seen = new WeakMap(); // the same, by the array itself: to write a point as text takes long
    }

    /** What was made under a name; it is made once. */
    once(name, make) {
      if (!this.made.has(name)) this.made.set(name, make());
      return this.made.get(name);
    }

    /** The n cheapest grafts of accepted profiles. */
    near(n) {
      return this.once("grafts", () => new Grafts(this.limits, this.model.profiles)).cheapest(n);
    }

    about(point) {
      let about = this.seen.get(point);
      if (about) return about;
      const mark = point.join();
      about = this.known.get(mark) ?? {};
      this.known.set(mark, about);
      this.seen.set(point, about);
      return about;
    }

    /** The bank's answer; `cells` say what a point stands for, if it is not an answer of the model. */
    bank(point, cells = null) {
      return (this.about(point).bank ??= this.model.bank.ask(cells ?? this.limits.cells(point)));
    }

    chance(point) {
      return this.bank(point).chance;
    }

    /** Without a bar, the most probable class decides. */
    yes(point) {
      const { chance, favoured } = this.bank(point);
      return this.bar === null ? favoured : chance > this.bar;
    }

    accepts(point) {
      return this.yes(point) && this.chance(point) > this.margin;
    }

    believed(point) {
      return (this.about(point).believed ??= this.model.surrogate.answers(point, this.model.codec.tokens(point)));
    }

    worth(point) {
      const [valid, plausible] = this.believed(point);
      return valid + plausible - this.limits.cost(point) / this.model.codec.d;
    }
  }

  // -- sampling -----------------------------------------------------------------------------------------

  /** softmax(odds / temperature) over the tokens that may be written, up to a factor. */
  function bold(odds, may, temperature) {
    let top = -Infinity;
    for (let v = 0; v < odds.length; v++) if (may[v] && odds[v] > top) top = odds[v];
    const power = 1 / temperature;
    const share = new Float64Array(odds.length);
    for (let v = 0; v < share.length; v++) {
      if (may[v]) share[v] = power === 1 ? Math.exp(odds[v] - top) : Math.exp(odds[v] - top) ** power;
    }
    return share;
  }

  /** The choice that a number between 0 and 1 falls on; one of weight 0 never. */
  function byWeight(weights, chance) {
    let top = 0;
    for (const weight of weights) top += weight;
    const level = Math.min(chance * top, top * (1 - 2 ** -53));
    let heap = 0;
    return weights.findIndex((weight) => (heap += weight) > level);
  }

  // -- choice -------------------------------------------------------------------------------------------

  /** The best candidates that the bank accepts, each once; of equal ones the cheaper, then the first.
   *  `apart`: the best of every set of changes comes before the second of any. */
  function bestOf(points, limits, asked, n, apart) {
    const told = points.map((point, i) => ({
      i,
      point,
      worth: limits.changes(point) ? round9(asked.worth(point)) : -Infinity,
    }));
    const order = told.filter((t) => t.worth > -Infinity).sort((a, b) => b.worth - a.worth || a.i - b.i);
    if (apart) {
      const met = new Map();
      for (const t of order) {
        const set = t.point.map((x, j) => Number(limits.moved(t.point, j))).join("");
        t.rank = met.get(set) ?? 0;
        met.set(set, t.rank + 1);
      }
      order.sort((a, b) => a.rank - b.rank);
      order.forEach((t, i) => (t.worth = -i));
    }
    let fine = order.slice(0, FIRST).filter((t) => asked.accepts(t.point));
    if (fine.length < n) fine = fine.concat(order.slice(FIRST).filter((t) => asked.accepts(t.point)));
    fine.forEach((t) => (t.price = round9(limits.cost(t.point))));
    fine.sort((a, b) => b.worth - a.worth || a.price - b.price || a.i - b.i);
    const met = new Set();
    const unique = fine.filter(({ point }) => {
      const mark = limits.codec.tokens(point).join();
      return !met.has(mark) && met.add(mark);
    });
    return unique.slice(0, n).map((t) => t.point);
  }

  /** Whether these moves go at least as far as those, in each feature that those move. */
  function asFar(these, those, nominal) {
    return those.every((x, j) => !x || (nominal[j] ? these[j] === x : these[j] * Math.sign(x) >= Math.abs(x)));
  }

  /** The n options that are good and differ in what they ask for. */
  function spread(told, limits, n) {
    const nominal = limits.codec.features.map((f) => f.kind === "nominal");
    const moves = told.map(({ point }) =>
      point.map((x, j) => {
        if (!limits.moved(point, j)) return 0;
        const far = x - limits.cube[j];
        return Number.isNaN(far) ? 1 : round9(far);
      })
    );
    const open = told.map((t) => Number.isFinite(t.worth));
    const distance = told.map(() => 1);
    const chosen = [];
    while (chosen.length < n && open.some(Boolean)) {
      let best = -1;
      let value = -Infinity;
      told.forEach((t, i) => {
        const here = round9(t.worth + READINESS * distance[i]);
        if (open[i] && here > value) [best, value] = [i, here];
      });
      chosen.push(best);
      const theirs = moves[best];
      moves.forEach((mine, i) => {
        let [both, either, close] = [0, 0, true];
        let [more, less] = [false, false]; // changed in the one alone, and in the other
        mine.forEach((x, j) => {
          const [a, b] = [x !== 0, theirs[j] !== 0];
          both += a && b;
          either += a || b;
          more ||= a && !b;
          less ||= b && !a;
          close &&= nominal[j] ? x === theirs[j] : Math.abs(x - theirs[j]) < LEAST;
        });
        distance[i] = Math.min(distance[i], 1 - both / Math.max(either, 1));
        const alike = !more && !less && close;
        const holds = more && !less && asFar(mine, theirs, nominal);
        const held = less && !more && asFar(theirs, mine, nominal);
        if (alike || holds || held) open[i] = false;
      });
      open[best] = false;
    }
    return chosen.map((i) => told[i].point);
  }

  /** Accepted profiles, given as tokens, from the nearest on; each is grafted when it is asked for. */
  class Grafts {
    constructor(limits, profiles) {
      const { codec, fixed } = limits;
      Object.assign(this, { limits, profiles });
      // Profiles are tokens, so each feature has as many distances as it has tokens.
      const apart = codec.sizes.map((size, j) =>
        Float64Array.from({ length: size }, (_, t) => (fixed[j] ? 0 : codec.apart(j, limits.cube[j], codec.value(j, t))))
      );
      const far = profiles.map((tokens) => {
        let sum = 0;
        for (let j = 0; j < codec.d; j++) sum += apart[j][tokens[j]];
        return round9(sum);
      });
      this.order = profiles.map((_, i) => i).sort((a, b) => far[a] - far[b] || a - b);
      this.made = [];
    }

    /** The first n, with what they cost; in place of one that is none, the person. */
    first(n) {
      const { limits, made } = this;
      for (const i of this.order.slice(made.length, n)) {
        const point = limits.graft(this.profiles[i]);
        const fine = limits.changes(point) && limits.keeps(point);
        made.push({ point: fine ? point : limits.cube, price: fine ? round9(limits.cost(point)) : Infinity });
      }
      return made.slice(0, n);
    }

    /** The n cheapest of the nearest. */
    cheapest(n) {
      const made = this.first(4 * n);
      const order = made.map((m, i) => i).sort((a, b) => made[a].price - made[b].price || a - b);
      return order.slice(0, n).map((i) => made[i].point);
    }
  }

  // -- refinement ---------------------------------------------------------------------------------------

  /** An answer without needless changes. */
  function refine(point, limits, asked) {
    let worth = round9(asked.worth(point));
    for (let round = 0; round < ROUNDS; round++) {
      const noWorse = (made) =>
        made
          .filter((variant) => limits.keeps(variant.point))
          .map((variant) => ({ ...variant, value: round9(asked.worth(variant.point)) }))
          .filter((variant) => variant.value >= worth && asked.accepts(variant.point));
      const good = noWorse(simpler(point, limits));
      if (!good.length) break;
      let best = null;
      for (const variant of [...noWorse(together(point, limits, good)), ...good]) {
        if (best === null || variant.value > best.value) best = variant;
      }
      point = best.point;
      worth = best.value;
    }
    return point;
  }

  /** An answer that asks for no year that it can do without. */
  function sooner(point, limits, asked) {
    const years = limits.years(point);
    for (let w = 0; w < years; w++) {
      const then = limits.after(w);
      const made = limits.follow(point.map((x, j) => (limits.clocks[j] ? then[j] : x)));
      if (!limits.keeps(made) || !limits.changes(made)) continue;
      const [before, now] = [asked.believed(point), asked.believed(made)];
      if (before.some((b, i) => b > 0.5 && !(now[i] > 0.5)) || !asked.accepts(made)) continue;
      return made;
    }
    return point;
  }

  /** One change undone, one step made shorter, or less waiting. */
  function simpler(point, limits) {
    const { codec, cube, own } = limits;
    const made = [];
    const withJ = (j, value) => {
      const variant = point.slice();
      variant[j] = value;
      made.push({ part: j, point: limits.follow(variant) });
    };
    for (let j = 0; j < codec.d; j++) {
      if (!limits.moved(point, j) || limits.fixed[j]) continue;
      const mine = cube[j];
      const here = point[j];
      withJ(j, mine);
      if (codec.nominal[j] || Number.isNaN(mine)) continue;
      const grid = codec.grid[j];
      const middle = (here + mine) / 2;
      let half = 0;
      grid.forEach((x, t) => Math.abs(x - middle) < Math.abs(grid[half] - middle) && (half = t));
      const step =
        here > mine
          ? Math.max(R.left(grid, here - 1e-9) - 1, 0)
          : Math.min(R.left(grid, here + 1e-9), grid.length - 1);
      for (const token of [half, step]) {
        const value = grid[token];
        if ((value - mine) * (value - here) < -1e-12 && token !== own[j]) withJ(j, value);
      }
    }
    const years = limits.years(point);
    for (const fewer of [0, years - 1]) {
      if (!(years > 0 && fewer < years && fewer >= 0)) continue;
      const then = limits.after(fewer);
      const variant = point.map((x, j) => (limits.clocks[j] ? then[j] : x));
      made.push({ part: codec.d, point: limits.follow(variant) });
    }
    return made;
  }

  /** Several simplifications at once: the best 2, 4, 8, …, and all of them. */
  function together(point, limits, good) {
    const parts = new Map();
    for (const variant of good) {
      const known = parts.get(variant.part);
      if (!known || variant.value > known.value) parts.set(variant.part, variant);
    }
    const best = [...parts.values()].sort((a, b) => b.value - a.value || a.part - b.part);
    const made = [];
    let soFar = point;
    best.forEach((variant, r) => {
      soFar = soFar.map((x, j) => (variant.point[j] !== point[j] ? variant.point[j] : x));
      const done = r + 1;
      if (done > 1 && (done === best.length || (done & r) === 0)) {
        made.push({ part: -1, point: limits.follow(soFar) });
      }
    });
    return made;
  }

  Object.assign(R, { Model, Asked, refine, bold, byWeight });
})((globalThis.Recourse ??= {}));
