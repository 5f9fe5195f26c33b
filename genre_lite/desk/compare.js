// Compare: one person, answered in three ways, and judged by the same numbers.
(function (R) {
  "use strict";
  const { el } = R;
  const [WIDE, HIGH, LEFT, BOTTOM, EDGE] = [360, 220, 46, 34, 12]; // units of the drawing
  const LETTER = 7; // the width of one, at most, on average

  /** Where names may stand in the drawing: nearer to their own mark than to others, and on nothing where there is room. */
  class Places {
    /** `boxes` are taken, [left, top, width, height]; `marks` have names, [x, y]. */
    constructor(boxes, marks) {
      Object.assign(this, { boxes, marks });
    }

    next(cx, cy, name) {
      const wide = LETTER * name.length;
      const shared = (a, b) =>
        Math.max(0, Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0])) *
        Math.max(0, Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]));
      const found = [-11, 21, -28, 38, -45, 55].flatMap((down) =>
        ["start", "end", "middle"].map((anchor) => {
          const at = { start: cx + 6, end: cx - 6, middle: cx }[anchor];
          const left = { start: at, end: at - wide, middle: at - wide / 2 }[anchor];
          const box = [left, cy + down - 12, wide, 16];
          const outside = wide * 16 - shared(box, [LEFT, 0, WIDE - LEFT, HIGH - BOTTOM]);
          const far = ([x, y]) => Math.hypot(x - Math.min(Math.max(x, left), left + wide), y - Math.min(Math.max(y, box[1]), box[1] + 16));
          const strange = this.marks.some((mark) => far(mark) + 2 < far([cx, cy])) ? WIDE * HIGH : 0;
          return { put: [at, cy + down, name, anchor], box, lost: strange + outside + this.boxes.reduce((sum, other) => sum + shared(box, other), 0) };
        })
      );
      const best = found.reduce((a, b) => (b.lost < a.lost ? b : a));
      this.boxes.push(best.box);
      const [left, top, width, height] = best.box;
      const near = [Math.min(Math.max(cx, left), left + width), cy < top ? top : Math.min(cy, top + height)];
      return { put: best.put, near };
    }
  }

  class Compare {
    /** For one person under their terms: `answer` is the model's own. */
    constructor(root, model, row, answer, wording) {
      Object.assign(this, { model, row, answer, wording, limits: answer.limits });
      this.asked = new R.Asked(model, this.limits, this.limits.terms);
      const steps = R.climb(this.limits, this.asked);
      const last = steps[steps.length - 1];
      const ways = [
        {
          name: "GenRe",
          how: "It draws from what it learnt of accepted people, takes back what is needless, and chooses.",
          point: answer.options.length ? answer.options[0].point : null,
        },
        {
          name: "The nearest neighbour",
          how: "The cheapest accepted profile, copied as far as the terms let it.",
          point: model.neighbour(this.limits, this.asked),
        },
        {
          name: "A search",
          how: "It asks the bank alone: one change after the other, each the one that raises its answer most.",
          point: steps.length > 1 && this.asked.accepts(last.point) ? last.point : null,
        },
      ];
      root.replaceChildren(
        el("div", { class: "desk-ways" }, ...ways.map((way) => this.way(way))),
        el("h3", {}, "How the search went"),
        el("p", {}, this.about(steps)),
        this.drawing(steps, ways),
        this.table(steps, ways)
      );
    }

    /** One answer: what it asks for, and what can be said of it. */
    way({ name, how, point }) {
      const head = [el("h3", {}, name), el("p", { class: "desk-how" }, how)];
      if (!point) return el("section", { class: "desk-way" }, ...head, el("p", {}, "It found no answer."));
      const told = this.model.told(point, this.limits, this.asked);
      const only = { ...this.answer, options: [told] };
      const [offer] = new R.Letter(this.model, this.row, only, this.limits.terms).offers;
      const lang = this.wording.words.language;
      const facts = [
        ["Cost, in feature ranges", told.cost.toFixed(2)],
        ["The bank's probability", this.wording.percent(told.chance, this.asked.bar)],
        ["Valid in truth, by estimate", told.valid.toFixed(2)],
        ["Plausible, by estimate", told.plausible.toFixed(2)],
        ["The most similar accepted profile", this.alike(point)],
      ];
      return el(
        "section",
        { class: "desk-way" },
        ...head,
        el("ul", { lang }, ...[...offer.asks.values()].map((ask) => el("li", {}, ask))),
        offer.following ? el("p", { lang }, offer.following) : null,
        offer.waiting ? el("p", { lang }, offer.waiting) : null,
        el("dl", {}, ...facts.flatMap(([what, is]) => [el("dt", {}, what), el("dd", {}, is)]))
      );
    }

    /** Who else looks like that: in how many features the nearest profile differs. */
    alike(point) {
      const { codec, profiles } = this.model;
      if (!profiles.length) return "none is kept";
      const mine = codec.tokens(point);
      const apart = (other) => mine.reduce((sum, token, j) => sum + (token !== other[j]), 0);
      const least = Math.min(...profiles.map(apart));
      return least ? `differs in ${least} of ${codec.d} features` : "is the same";
    }

    about(steps) {
      const { features } = this.model.codec;
      const done = this.asked.accepts(steps[steps.length - 1].point);
      const count = steps.length - 1;
      const end = done ? "Then the bank says yes." : "Then no single change helps any more.";
      if (!count) return "No single change raises the bank's answer, so it does not set out.";
      const first = this.wording.name(features[steps[1].part].title);
      return `It takes ${count} ${count === 1 ? "step" : "steps"}, the first in ${first}. ${end}`;
    }

    /** The steps in a plane of cost and probability, and where the other answers stand. */
    drawing(steps, ways) {
      const others = ways.slice(0, 2).filter((way) => way.point);
      const seen = others.map(({ name, point }) => ({ name, cost: this.limits.cost(point), chance: this.asked.chance(point) }));
      const most = Math.max(0.1, ...[...steps, ...seen].map(({ cost }) => cost)) * 1.1;
      const x = (cost) => LEFT + (cost / most) * (WIDE - LEFT - EDGE);
      const y = (chance) => HIGH - BOTTOM - chance * (HIGH - BOTTOM - EDGE);
      const { bar } = this.asked;
      const svg = (tag, about, ...children) => {
        const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
        for (const [name, value] of Object.entries(about)) node.setAttribute(name, value);
        node.append(...children);
        return node;
      };
      const words = (at, up, text, anchor = "middle") => svg("text", { x: at, y: up, "text-anchor": anchor }, text);
      const marks = [...steps, ...seen].map(({ cost, chance }) => [x(cost) - 7, y(chance) - 7, 14, 14]);
      const between = (a, b, share) => [x(a.cost + share * (b.cost - a.cost)) - 2, y(a.chance + share * (b.chance - a.chance)) - 2, 4, 4];
      const line = steps.slice(1).flatMap((step, i) => Array.from({ length: 32 }, (_, at) => between(steps[i], step, at / 32)));
      const barred = bar === null ? [] : [[LEFT, y(bar) - 3, WIDE - EDGE - LEFT, 6]];
      const places = new Places([...marks, ...line, ...barred], seen.map(({ cost, chance }) => [x(cost), y(chance)]));
      const path = steps.map(({ cost, chance }, i) => `${i ? "L" : "M"}${x(cost)} ${y(chance)}`).join("");
      const rows = [0, 0.5, 1].map((chance) => words(LEFT - 6, y(chance) + 4, this.wording.percent(chance, null), "end"));
      const columns = [0, most / 1.1].map((cost) => words(x(cost), HIGH - BOTTOM + 16, cost.toFixed(2)));
      return svg(
        "svg",
        { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "desk-path", role: "img", "aria-label": "The steps of the search by cost and probability; the table below holds the same." },
        svg("path", { class: "desk-axis", d: `M${LEFT} ${EDGE}V${HIGH - BOTTOM}H${WIDE - EDGE}` }),
        ...(bar === null ? [] : [svg("path", { class: "desk-bar-line", d: `M${LEFT} ${y(bar)}H${WIDE - EDGE}` })]),
        ...rows,
        ...columns,
        words(WIDE - EDGE, HIGH - 4, "cost", "end"),
        svg("path", { class: "desk-steps", d: path }),
        ...steps.map(({ cost, chance }) => svg("circle", { class: "desk-step", cx: x(cost), cy: y(chance), r: 4 })),
        ...seen.map(({ name, cost, chance }) => {
          const [cx, cy] = [x(cost), y(chance)];
          const { put, near } = places.next(cx, cy, name);
          const away = Math.hypot(near[0] - cx, near[1] - cy);
          const from = [cx, cy].map((at, i) => at + (8 * (near[i] - at)) / Math.max(away, 8)); // outside of the ring
          const leader = away > 14 ? [svg("path", { class: "desk-leader", d: `M${from}L${near}` })] : [];
          return svg("g", { class: "desk-other" }, svg("circle", { cx, cy, r: 6 }), ...leader, words(...put));
        })
      );
    }

    table(steps, ways) {
      const { codec } = this.model;
      const said = ({ part, point }) => {
        if (part === null) return "as it is";
        const f = codec.features[part];
        const token = codec.token(part, point[part]);
        const stays = token === this.limits.own[part];
        const value = stays ? this.limits.row[f.name] : codec.said(part, codec.cell(part, token));
        return `${f.title}: ${this.wording.value(f, value)}`;
      };
      const row = (step, what, cost, chance) =>
        el("tr", {}, el("th", { scope: "row" }, step), el("td", {}, what), el("td", {}, cost.toFixed(2)), el("td", {}, this.wording.percent(chance, this.asked.bar)));
      const rows = steps.map((step, i) => row(String(i), said(step), step.cost, step.chance));
      for (const { name, point } of ways.slice(0, 2))
        if (point) rows.push(row(name, "all that is listed above", this.limits.cost(point), this.asked.chance(point)));
      const head = ["Step", "Change", "Cost", "Probability"].map((text) => el("th", { scope: "col" }, text));
      return el(
        "details",
        {},
        el("summary", {}, "The steps as a table"),
        el("table", { class: "desk-table" }, el("caption", {}, "Steps of the search, and the other answers"), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows))
      );
    }
  }

  Object.assign(R, { Compare });
})((globalThis.Recourse ??= {}));
