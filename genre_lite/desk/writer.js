// See it write: an answer feature by feature, with what the model would write next at each step.
(function (R) {
  "use strict";
  const { el } = R;
  const SHOWN = 8; // values of one feature, the likeliest; the others are folded

  class Writer {
    /** For one person under their terms: `limits` of the engine. */
    constructor(root, model, limits, wording) {
      Object.assign(this, { root, model, limits, wording });
      this.cache = model.read(limits);
      this.temperature = model.about.recipe.temperature;
      this.written = [];
      this.luck = 0; // which candidate's numbers are drawn
      this.show();
    }

    /** Where writing stands after the tokens so far: the mask, and the odds of what comes next. */
    state() {
      const { model, limits } = this;
      const writing = new R.Writing(limits, 0);
      let at = model.network.begin(this.cache);
      this.written.forEach((token, j) => {
        writing.take(j, token);
        if (j + 1 < model.codec.d) at = model.network.after(this.cache, at, token);
      });
      return { writing, odds: at.odds, j: this.written.length };
    }

    shares({ writing, odds, j }) {
      const bold = R.bold(odds, writing.mask(j), this.temperature);
      const total = bold.reduce((a, b) => a + b, 0);
      return Array.from(bold, (x) => x / total);
    }

    draw() {
      const state = this.state();
      const key = R.key(this.limits.own, this.model.about.seed);
      const chance = R.uniform(key, this.luck, state.j);
      this.written.push(R.byWeight(R.bold(state.odds, state.writing.mask(state.j), this.temperature), chance));
    }

    rest() {
      while (this.written.length < this.model.codec.d) this.draw();
    }

    say(j, token) {
      const { codec } = this.model;
      const f = codec.features[j];
      const mine = token === this.limits.own[j];
      const said = this.wording.value(f, mine ? this.limits.row[f.name] : codec.said(j, codec.cell(j, token)));
      return mine ? `${said} (stays)` : said;
    }

    percent(share) {
      const { words } = this.wording;
      if (share < 0.005) return words.little;
      return this.wording.say("chance", { number: this.wording.number(Math.round(100 * share)) });
    }

    // -- the view -----------------------------------------------------------------------------------------

    show() {
      const { model } = this;
      const { features } = model.codec;
      const state = this.state();
      const done = state.j === model.codec.d;
      const lines = this.written.map((token, j) => {
        const moved = token !== this.limits.own[j];
        return el("li", moved ? { class: "desk-moved" } : {}, `${features[j].title}: ${this.say(j, token)}`);
      });
      const act = (text, todo, off = false) =>
        el("button", { type: "button", disabled: off, onclick: () => (todo(), this.show()) }, text);
      this.root.replaceChildren(
        this.dial(),
        el(
          "div",
          { class: "desk-acts" },
          act("Draw this one", () => this.draw(), done),
          act("Draw the rest", () => this.rest(), done),
          act("One back", () => this.written.pop(), !state.j),
          act("Begin again", () => ((this.written = []), (this.luck += 1)), !state.j)
        ),
        done ? this.end(state.writing.point) : this.next(state),
        lines.length ? el("details", { open: done }, el("summary", {}, `Written so far: ${lines.length} of ${model.codec.d}`), el("ol", {}, ...lines)) : el("p", {}, "Nothing is written yet.")
      );
    }

    dial() {
      const input = el("input", {
        type: "range",
        min: 0.1,
        max: 2,
        step: 0.1,
        value: String(this.temperature),
        onchange: (event) => {
          this.temperature = Number(event.target.value);
          this.show();
        },
      });
      return R.labelled(`Temperature ${this.temperature}`, input);
    }

    /** What may come next, the likeliest first; each value is a button. */
    next(state) {
      const shares = this.shares(state);
      const mask = state.writing.mask(state.j);
      const open = shares.map((_, token) => token).filter((token) => mask[token]);
      open.sort((a, b) => shares[b] - shares[a]);
      const masked = shares.length - open.length;
      const bar = (token) => {
        const percent = this.percent(shares[token]);
        const write = () => {
          this.written.push(token);
          this.show();
          this.root.querySelector("button:not([disabled])")?.focus();
        };
        return el(
          "li",
          {},
          el("button", { type: "button", class: "desk-bar", style: `--share: ${100 * shares[token]}%`, onclick: write },
            el("span", {}, this.say(state.j, token)), el("span", {}, percent))
        );
      };
      const rest = open.slice(SHOWN);
      return el(
        "section",
        { "aria-live": "polite" },
        el("h4", {}, this.model.codec.features[state.j].title),
        el("ul", { class: "desk-bars" }, ...open.slice(0, SHOWN).map(bar)),
        rest.length ? el("details", {}, el("summary", {}, `${rest.length} more`), el("ul", { class: "desk-bars" }, ...rest.map(bar))) : null,
        masked ? el("p", {}, `${masked} of ${shares.length} values are masked: the terms forbid them.`) : null
      );
    }

    /** The whole answer, judged. */
    end(point) {
      const asked = new R.Asked(this.model, this.limits, this.limits.terms);
      const [valid, plausible] = asked.believed(point);
      const number = (x) => x.toFixed(2);
      const chance = asked.chance(point);
      return el(
        "p",
        { "aria-live": "polite" },
        `It is written. The bank's probability of a yes: ${this.wording.percent(chance, asked.bar)}, ` +
          `which is ${asked.yes(point) ? "a yes" : "a no"}. Cost ${number(this.limits.cost(point))}; ` +
          `estimates: valid ${number(valid)}, plausible ${number(plausible)}. ` +
          `Of ${this.model.about.recipe.candidates} such answers the best are refined, and the best of those is the letter.`
      );
    }
  }

  Object.assign(R, { Writer });
})((globalThis.Recourse ??= {}));
