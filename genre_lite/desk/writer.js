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
      this.frame();
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

    /** What stays while the reader writes, so that a hand or a reading voice is not lost. */
    frame() {
      const act = (text, todo) => el("button", { type: "button", onclick: () => (todo(), this.show()) }, text);
      this.acts = [
        act("Draw this one", () => this.draw()),
        act("Draw the rest", () => this.rest()),
        act("One back", () => this.written.pop()),
        act("Begin again", () => ((this.written = []), (this.luck += 1))),
      ];
      this.now = el("section", { "aria-live": "polite" });
      this.before = el("div");
      this.root.replaceChildren(this.dial(), el("div", { class: "desk-acts" }, ...this.acts), this.now, this.before);
    }

    show() {
      const { model } = this;
      const { features } = model.codec;
      const state = this.state();
      const done = state.j === model.codec.d;
      const lines = this.written.map((token, j) => {
        const moved = token !== this.limits.own[j];
        return el("li", moved ? { class: "desk-moved" } : {}, `${features[j].title}: ${this.say(j, token)}`);
      });
      this.now.replaceChildren(...(done ? this.end(state.writing.point) : this.next(state)));
      this.before.replaceChildren(
        lines.length ? el("details", { open: done }, el("summary", {}, `Written so far: ${lines.length} of ${model.codec.d}`), el("ol", {}, ...lines)) : el("p", {}, "Nothing is written yet.")
      );
      const held = this.acts.indexOf(document.activeElement);
      this.acts.forEach((button, i) => (button.disabled = i < 2 ? done : !state.j));
      if (held >= 0 && this.acts[held].disabled) this.acts.find((button) => !button.disabled).focus();
    }

    dial() {
      const input = el("input", {
        type: "range",
        min: 0.1,
        max: 2,
        step: 0.1,
        value: String(this.temperature),
        oninput: (event) => {
          this.temperature = Number(event.target.value);
          label.textContent = `Temperature ${this.temperature}`;
          this.show();
        },
      });
      const field = R.labelled(`Temperature ${this.temperature}`, input);
      const label = field.firstChild;
      return field;
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
          this.acts.find((button) => !button.disabled).focus();
        };
        return el(
          "li",
          {},
          el("button", { type: "button", class: "desk-bar", style: `--share: ${100 * shares[token]}%`, onclick: write },
            el("span", {}, this.say(state.j, token)), el("span", {}, percent))
        );
      };
      const rest = open.slice(SHOWN);
      return [
        el("h3", {}, this.model.codec.features[state.j].title),
        el("ul", { class: "desk-bars" }, ...open.slice(0, SHOWN).map(bar)),
        ...(rest.length ? [el("details", {}, el("summary", {}, `${rest.length} more`), el("ul", { class: "desk-bars" }, ...rest.map(bar)))] : []),
        ...(masked ? [el("p", {}, `${masked} of ${shares.length} values ${masked === 1 ? "is" : "are"} masked: the terms forbid ${masked === 1 ? "it" : "them"}.`)] : []),
      ];
    }

    /** The whole answer, judged. */
    end(point) {
      const asked = new R.Asked(this.model, this.limits, this.limits.terms);
      const [valid, plausible] = asked.believed(point);
      const number = (x) => x.toFixed(2);
      const chance = asked.chance(point);
      const told =
        `It is written. The bank's probability: ${this.wording.percent(chance, asked.bar)}, ` +
          `which is ${asked.yes(point) ? "a yes" : "a no"}. Cost ${number(this.limits.cost(point))}; ` +
          `estimates: valid ${number(valid)}, plausible ${number(plausible)}. ` +
          `Of ${this.model.about.recipe.candidates} such answers the best are refined, and the best of those is the letter.`;
      return [el("p", {}, told)];
    }
  }

  Object.assign(R, { Writer });
})((globalThis.Recourse ??= {}));
