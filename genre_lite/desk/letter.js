// An answer in words, sentence by sentence as genre_lite/{letters,wording}.py write it.
(function (R) {
  "use strict";
  const WIDTH = 76; // characters a line
  const ITEM = "- ";
  const PATIENT = 5; // years, where it is asked what waiting would have brought
  const DRAWS = 50; // with one term relaxed
  const BANKS = ["margin", "threshold"]; // terms that are no wish of the person's

  // -- numbers ------------------------------------------------------------------------------------------

  /** A number in decimals, with as many digits as tell it from another; money to the cent. */
  function written(value, beside, money) {
    const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");
    const sign = value < 0 ? "-" : "";
    if (Number.isInteger(value)) return (value === 0 ? "" : sign) + grouped(Math.abs(value).toFixed(0));
    let places = Math.max(2, 3 - Math.floor(Math.log10(Math.abs(value))));
    if (beside !== null && !Number.isNaN(beside)) {
      while (value !== beside && Number(value.toFixed(places)) === Number(beside.toFixed(places))) places += 1;
    }
    let [whole, decimals] = Math.abs(value).toFixed(places).split(".");
    decimals = decimals.replace(/0+$/, "");
    if (money || Math.abs(value) >= 1000) decimals = decimals.padEnd(2, "0"); // to the cent
    return sign + grouped(whole) + (decimals ? `.${decimals}` : "");
  }

  const ONE_OF = { people: "person", children: "child", women: "woman", men: "man", feet: "foot" };

  /** A unit in the singular, as far as its last letters tell. */
  function one(unit) {
    if (Object.hasOwn(ONE_OF, unit)) return ONE_OF[unit];
    if (unit.length > 4 && unit.endsWith("ies")) return `${unit.slice(0, -3)}y`;
    if (/(ss|x|ch|sh)es$/.test(unit)) return unit.slice(0, -2);
    return unit.length > 2 && /[^s]s$/.test(unit) ? unit.slice(0, -1) : unit;
  }

  /** The words of a bank, filled in. */
  class Wording {
    constructor(words) {
      this.words = words;
    }

    say(template, places = {}) {
      return this.words[template].replace(/\{(\w+)\}/g, (_, place) => places[place]);
    }

    number(value, beside = null, money = false) {
      const { thousands, decimal } = this.words;
      return written(value, beside, money).replace(/[,.]/g, (mark) => (mark === "," ? thousands : decimal));
    }

    /** A feature's value; a level of several words is quoted, so that it keeps together. */
    value(feature, value, beside = null) {
      if (value === null || value === undefined) return this.words.missing;
      if (typeof value === "boolean") return value ? this.words.true : this.words.false;
      if (feature.kind !== "numeric") {
        const text = String(value);
        return /[ ,]/.test(text) ? this.say("quoted", { text }) : text;
      }
      const year = feature.unit === "year";
      let text = this.number(value, typeof beside === "number" ? beside : null, feature.money);
      if (year) return text.split(this.words.thousands).join("");
      const at = feature.unit.search(/ a | per |\//);
      let unit = at < 0 ? feature.unit : feature.unit.slice(0, at);
      const rest = at < 0 ? "" : feature.unit.slice(at);
      if (text === "1") unit = one(unit); // 1 year, 1 hour a week
      return `${text} ${unit}${rest}`.trimEnd();
    }

    name(text) {
      return text.includes(",") ? this.say("quoted", { text }) : text;
    }

    bar(threshold) {
      return this.say("chance", { number: this.number(100 * threshold) });
    }

    /** A probability in whole percents, or with as many digits as tell it from the bar. */
    percent(chance, bar) {
      if (bar === null || (bar > 0.01 && bar < 0.99)) {
        if (chance > 0 && chance < 0.005) return this.words.little;
        if (chance >= 0.995 && chance < 1) return this.words.nearly;
      }
      const whole = Math.round(100 * chance);
      let number = this.number(whole);
      if (bar !== null && whole === Math.round(100 * bar)) number = this.number(100 * chance, 100 * bar);
      else if ((whole === 0 || whole === 100) && 100 * chance !== whole) number = this.number(100 * chance, whole);
      return this.say("chance", { number });
    }

    time(years) {
      return years === 1 ? this.words.one_year : this.say("years", { number: this.number(years) });
    }

    listed(parts) {
      const last = parts[parts.length - 1];
      const first = parts.slice(0, -1);
      return first.length ? first.join(this.words.comma) + this.words.ampersand + last : last;
    }
  }

  // -- the letter ---------------------------------------------------------------------------------------

  /** What one person is told: `opening`, `offers`, `closing`, `always`, and all of it as `text`. */
  class Letter {
    constructor(model, row, answer, terms = {}, n = 1) {
      Object.assign(this, { model, row, answer, terms, n });
      this.w = new Wording(model.about.wording);
      this.features = model.codec.features;
      this.bar = answer.bar;
    }

    get opening() {
      const places = {
        outcome: this.model.about.outcome,
        chance: this.w.percent(this.answer.chance, this.bar),
        bar: this.bar === null ? "" : this.w.bar(this.bar),
      };
      const first = this.bar === null ? "_first" : ""; // the most probable class decides
      if (this.answer.accepted) return [this.w.say(`accepted${first}`, places)];
      return [this.w.say("denied", places), this.w.say(`now${first}`, places)];
    }

    get offers() {
      return this.answer.options.map((option, number) => this.offer(option, number));
    }

    get closing() {
      if (this.answer.accepted) return [];
      const found = this.answer.options.length;
      if (!found) return this.nothing();
      return [
        ...(this.offers.some((offer) => offer.yes && offer.asks.size > 1) ? [this.w.words.out_of_reach] : []),
        ...(found < this.n ? [this.w.say("fewer", { asked: this.n, found })] : []),
      ];
    }

    get always() {
      return this.answer.accepted ? [] : [this.w.words.rights, this.w.words.care];
    }

    get text() {
      const blocks = [this.opening.map(filled).join("\n")];
      for (const offer of this.offers) {
        let head = this.w.say("offer", offer);
        if (this.n > 1) head = `${offer.name}. ${head}`;
        const asks = [...offer.asks.values()];
        const lines = [filled(head + (asks.length ? ":" : ".")), ...asks.map((ask) => ITEM + ask)];
        for (const said of [offer.following, offer.waiting]) if (said) lines.push(filled(said));
        blocks.push([...lines, this.w.words.nothing_else].join("\n"));
      }
      blocks.push(this.closing.map(filled).join("\n"), this.always.map(filled).join("\n"));
      return blocks.filter(Boolean).join("\n\n");
    }

    offer(option, number) {
      const { w } = this;
      const clocks = new Map();
      let [years, rough] = [0, 0];
      for (const j of option.changed) {
        const f = this.features[j];
        const ends = [this.row[f.name], option.values[f.name]];
        if (f.actionability !== "clock" || ends.some((end) => end === null)) continue;
        const passed = elapsed(f, ...ends);
        if (!(passed > 0)) continue;
        clocks.set(j, ends);
        // A number tells the years exactly; a level only how many it takes at most.
        if (f.kind === "numeric") years = Math.max(years, passed);
        else rough = Math.max(rough, passed);
      }
      const asks = new Map();
      const moves = new Map();
      const { defined, active } = this.answer.limits;
      const computed = new Set([...defined].filter(([, r]) => active[r]).map(([j]) => j)); // such as a total
      for (const j of option.changed) {
        if (clocks.has(j)) continue;
        const f = this.features[j];
        const [before, after] = [this.row[f.name], option.values[f.name]];
        const move = this.fromTo(f, before, after);
        moves.set(j, move);
        if (computed.has(j)) continue;
        asks.set(j, w.say(verb(f, before, after), { title: w.name(f.title), before: move[0], after: move[1] }));
      }
      const passes = (j, [before, after]) => w.say("passing", { title: w.name(this.features[j].title), before, after });
      let following = "";
      const follow = [...moves].filter(([j]) => computed.has(j)).map(([j, move]) => passes(j, move));
      if (follow.length) following = w.say("following", { passing: w.listed(follow) });
      let waiting = "";
      if (clocks.size) {
        const passing = [...clocks].map(([j, ends]) => passes(j, this.fromTo(this.features[j], ...ends)));
        waiting = w.say("waiting", { time: w.time(years || rough), passing: w.listed(passing) });
      }
      const yes = this.bar === null || option.chance > this.bar;
      const condition = asks.size ? "with_changes" : clocks.size ? "with_time" : "with_nothing";
      return {
        name: w.say("option", { letter: letter(number) }),
        condition: w.words[condition],
        verdict: w.say(yes ? "yes_then" : "no_then", { chance: w.percent(option.chance, this.bar) }),
        yes,
        asks,
        moves,
        following,
        waiting,
      };
    }

    fromTo(f, before, after) {
      return [this.w.value(f, before, after), this.w.value(f, after, before)];
    }

    /** Why there is no option, as far as that can be said, and what to do. */
    nothing() {
      const { w, terms } = this;
      const wished = Object.entries(terms).some(([name, of]) => !BANKS.includes(name) && given(of));
      const wishes = relaxed(this.model, this.answer.limits, terms)
        .sort((a, b) => b.found - a.found)
        .filter(({ found }) => found)
        .map(({ found, wish }) => w.say("bind", { wish: this.wish(wish), found, draws: DRAWS }));
      const told = [wished ? w.words.none_wished : w.words.none];
      if (wishes.length) return [...told, w.words.binding, ...wishes.map((text) => ITEM + text), w.words.what_to_wish];
      return [...told, wished ? w.words.what_to_loosen : w.words.what_to_do];
    }

    wish({ kind, feature }) {
      const { w, terms } = this;
      const f = feature === undefined ? null : this.features[feature];
      const title = f && w.name(f.title);
      if (kind === "freeze") return w.say("wish_freeze", { title });
      if (kind === "largest") return w.say("wish_largest", { title, largest: w.value(f, terms.largest[f.name]) });
      if (kind === "maxChanges") return w.say("wish_changes", { most: w.number(terms.maxChanges) });
      if (kind === "wait") return terms.wait ? w.say("wish_wait", { time: w.time(terms.wait) }) : w.words.wish_now;
      const [low, high] = terms.bounds[f.name];
      const template = high === null ? "wish_low" : low === null ? "wish_high" : "wish_between";
      return w.say(template, { title, low: w.value(f, low), high: w.value(f, high) });
    }
  }

  /** With one wish relaxed at a time: how many of 50 draws the bank accepts. */
  function relaxed(model, limits, terms) {
    const asked = new R.Asked(model, limits, terms);
    const found = [];
    const without = (wish, change) => {
      const other = Object.assign(Object.create(Object.getPrototypeOf(limits)), limits);
      change(other);
      other.assemble();
      const clock = wish.kind === "wait" || limits.clocks[wish.feature];
      if (clock && other.wait <= limits.wait) return; // nothing more may pass
      const points = model.draws(other, DRAWS, { temperature: 1 });
      const fine = points.filter((point) => asked.accepts(point) && other.changes(point));
      found.push({ found: fine.length, wish });
    };
    for (const { name, feature, wish } of limits.pieces) {
      const fixed = limits.codec.features[feature].actionability === "immutable";
      if (!wish || fixed) continue;
      without({ kind: wish, feature }, (other) => {
        other.pieces = limits.pieces.filter((piece) => piece.name !== name);
      });
    }
    if (limits.most < limits.codec.d) without({ kind: "maxChanges" }, (other) => (other.most = limits.codec.d));
    if (limits.clocks.some(Boolean)) {
      without({ kind: "wait" }, (other) => (other.patience = limits.patience + PATIENT));
    }
    return found;
  }

  const given = (of) => (Array.isArray(of) ? of.length > 0 : of !== null && typeof of === "object" ? Object.keys(of).length > 0 : Boolean(of));

  function elapsed(clock, before, after) {
    if (clock.kind === "numeric") return Math.round(((after - before) / clock.a_year) * 1e6) / 1e6;
    const [a, b] = [before, after].map((level) => clock.edges[clock.categories.indexOf(level)] ?? null);
    return a === null || b === null ? NaN : b - a;
  }

  function verb(feature, before, after) {
    if (before === null) return "stating";
    if (feature.kind === "nominal" || after === null) return "changing";
    const rank = (value) => (feature.kind === "numeric" ? value : feature.categories.indexOf(value));
    return rank(after) > rank(before) ? "raising" : "lowering";
  }

  /** A, B, …, Z, AA, AB, … */
  function letter(number) {
    const more = Math.floor(number / 26);
    return (more ? letter(more - 1) : "") + String.fromCharCode(65 + (number % 26));
  }

  function filled(line) {
    if (line.startsWith(ITEM)) return line;
    const lines = [];
    for (const word of line.split(" ")) {
      const last = lines[lines.length - 1];
      if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines.join("\n");
  }

  Object.assign(R, { ITEM, Letter, Wording });
})((globalThis.Recourse ??= {}));
