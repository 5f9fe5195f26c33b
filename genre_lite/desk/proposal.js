// Somebody's own proposal, judged as genre_lite/proposals.py judges it, and the form to make one.
(function (R) {
  "use strict";
  const ROUNDING = 1e-6;
  const RULES = {
    immutable: "is nothing that anybody can change",
    "only up": "may only go up",
    "only down": "may only go down",
    frozen: "was to stay as it is",
    bounds: "may not go as far as that",
    "largest step": "may not change by as much as that",
  };

  /** What a proposal comes to: `values` by name, whole rows or the changes alone. */
  function check(model, row, values, terms = {}) {
    const { codec } = model;
    const limits = new R.Limits(codec, row, terms);
    const asked = new R.Asked(model, limits, terms);
    const cells = codec.codes({ ...row, ...values });
    const point = codec.cube({ ...row, ...values });
    asked.bank(point, cells); // as it was proposed, not as the model would write it
    const [valid, plausible] = asked.believed(point);
    const moves = codec.features.map((_, j) => [j]).filter(([j]) => !limits.clocks[j]);
    const clocks = codec.features.map((_, j) => j).filter((j) => limits.clocks[j]);
    if (clocks.length) moves.push(clocks);
    const made = moves.filter((move) => move.some((j) => limits.moved(point, j)));
    const broken = limits.broken(point);
    const needless = made.filter((move) => {
      if (move.some((j) => limits.defined.has(j))) return false;
      const variant = limits.follow(point.map((x, j) => (move.includes(j) ? limits.cube[j] : x)));
      const [v, p] = asked.believed(variant);
      const back = limits.cells(variant);
      asked.bank(variant, cells.map((cell, j) => (Object.is(variant[j], point[j]) ? cell : back[j])));
      const worse = v < valid - ROUNDING || p < plausible - ROUNDING;
      const breaks = [...limits.broken(variant)].some((name) => !broken.has(name));
      return asked.yes(variant) && !worse && !breaks;
    });
    return {
      bar: asked.bar,
      accepted: asked.yes(point),
      probability: asked.chance(point),
      cost: limits.cost(point),
      changes: made.length,
      broken: [...broken],
      needless: needless.map((move) => move[0]),
      valid,
      plausible,
    };
  }

  /** A proposal of the reader's own, or a guess before the letter shows: what would you tell this person? */
  class Proposal {
    /**
     * `control` makes a form's control for a feature, `output` a place for one in `following`, which `follow` fills;
     * `done` is called when the letter is asked for.
     */
    constructor(root, model, { control, output, follow, following, wording, done }) {
      Object.assign(this, { model, control, output, follow, following, wording });
      const { el } = R;
      this.values = {}; // what is proposed; it stays when terms change
      this.unread = new Map(); // fields that cannot be read, and what they need
      this.rows = el("div");
      this.verdict = el("div", { "aria-live": "polite" });
      root.replaceChildren(
        el("p", {}, "What would you tell this person? Change what you would ask for; the verdict follows."),
        this.rows,
        this.verdict,
        el("button", { type: "button", onclick: done }, "Show the letter")
      );
    }

    /** For a form and terms as they are now. */
    renew(row, terms) {
      Object.assign(this, { row, terms });
      const mark = JSON.stringify(row);
      if (this.mark !== mark) R.anew(this.rows, () => this.draw());
      this.mark = mark;
      this.judge();
    }

    draw() {
      this.unread.clear();
      this.outputs = new Map();
      const { row, values } = this;
      const now = (name) => (Object.hasOwn(values, name) ? values[name] : row[name]);
      const propose = (name, value) => {
        if (value === row[name]) delete values[name];
        else values[name] = value;
      };
      Object.keys(values).forEach((name) => propose(name, values[name]));
      const field = (f) => {
        const take = (value) => propose(f.name, value);
        if (this.following.has(this.model.codec.features.indexOf(f))) return R.labelled(f.title, this.output(f, this.outputs), R.unit(f));
        return R.labelled(f.title, this.control(f, now(f.name), take, () => this.judge(), this.unread), R.unit(f));
      };
      this.rows.replaceChildren(...this.model.codec.features.filter(R.free).map(field));
    }

    /** What a broken term, by its name, means to a reader. */
    breach(name) {
      const { codec } = this.model;
      if (name === "max_changes") return "These are more changes than were wished for.";
      if (name === "a gap is made") return "What is known of somebody cannot become unknown.";
      if (name.startsWith("clocks: together")) return "Years pass for everything alike, and no longer than one would wait.";
      for (const [broken, rule] of Object.entries(RULES)) {
        const f = codec.features.find((one) => name === `${one.name}: ${broken}`);
        if (f) return `It cannot be asked for: ${this.wording.name(f.title)} ${rule}.`;
      }
      return `It breaks a rule of this form: ${R.rule(codec, codec.relations.find(({ text }) => text === name))}.`;
    }

    judge() {
      const { el } = R;
      const list = (lines) => this.verdict.replaceChildren(el("ul", {}, ...lines.map((line) => el("li", {}, line))));
      if (this.unread.size) return list([...new Set(this.unread.values())]);
      const values = this.follow({ ...this.row, ...this.values }, this.outputs);
      const told = check(this.model, this.row, values, this.terms);
      const { features } = this.model.codec;
      const follow = [...this.following].filter((j) => values[features[j].name] !== this.row[features[j].name]);
      const count = told.changes - follow.length; // what follows is nothing that anybody does
      const title = (j) => this.wording.name(this.model.codec.features[j].title);
      const lines = [
        `The bank says ${told.accepted ? "yes" : "no"}: its model gives ${this.wording.percent(told.probability, told.bar)}.`,
        `${count} ${count === 1 ? "change" : "changes"}, at a cost of ${told.cost.toFixed(2)} feature ranges.`,
        `The model's own estimates, from 0 to 1: valid in truth ${told.valid.toFixed(2)}, plausible ${told.plausible.toFixed(2)}.`,
      ];
      lines.push(...told.broken.map((name) => this.breach(name)));
      if (told.accepted && told.needless.length) {
        lines.push(`It could be left out without loss: ${this.wording.listed(told.needless.map(title))}.`);
      }
      list(lines);
    }
  }

  Object.assign(R, { check, Proposal });
})((globalThis.Recourse ??= {}));
