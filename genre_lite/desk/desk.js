// The desk: a form and terms on the left, letters on the right, renewed at every touch.
(function (R) {
  "use strict";
  const { anew, decimal, el, free, fresh, labelled, mark, number, select } = R;
  const MOST_OPTIONS = 5;
  const LONGEST_WAIT = 10; // years
  const HARD = [
    ["usual", 1],
    ["easy for me", 0.5],
    ["hard for me", 2],
    ["very hard for me", 4],
  ];
  const PAUSE = 60; // milliseconds after a touch, so that a number can be typed
  const PATIENCE = 50; // milliseconds of searching at a time; a hand on the form need not wait for the end

  class Desk {
    /** `about` is what the exporter wrote, `people` a list of {name, values}; `guess` comes before the letter. */
    constructor(root, about, people, { guess = false } = {}) {
      this.root = root;
      this.model = new R.Model(about);
      this.people = people;
      this.features = this.model.codec.features;
      this.wording = new R.Wording(about.wording);
      this.point = about.wording.decimal === "," ? "," : ".";
      this.guess = guess;
      // Paper cannot be unfolded.
      const folds = () => this.root.querySelectorAll(".desk-form .desk-more:not([open])");
      addEventListener("beforeprint", () => folds().forEach((fold) => ((fold.open = true), (fold.dataset.folded = ""))));
      addEventListener("afterprint", () =>
        this.root.querySelectorAll("[data-folded]").forEach((fold) => ((fold.open = false), delete fold.dataset.folded))
      );
      this.frame();
      this.begin(0);
    }

    /** Take up a person, with no terms. */
    begin(number) {
      this.number = number;
      this.row = { ...this.people[number].values };
      this.held = this.model.codec.held(this.row); // what does not hold of a form is told, and computes nothing
      this.following = this.model.codec.following(this.held);
      this.terms = { freeze: [], bounds: {}, weights: {}, maxChanges: null, wait: 0, threshold: null };
      this.n = 1;
      this.letter = this.proposed = this.judged = null; // until it is found
      this.then = new Map(); // by feature: where its row tells what an option asks for
      this.unread = new Map(); // fields that cannot be read, and what they need
      this.outputs = new Map(); // by feature: what follows from the rest
      this.proposal.open = this.guess;
      this.compare.open = this.write.open = false;
      for (const place of [this.letters, this.proposing, this.comparing, this.writing]) place.replaceChildren();
      this.fields.replaceChildren(...this.form());
      this.answer();
    }

    /** What stays while people come and go, so that the hand that chooses them is not lost. */
    frame() {
      this.letters = el("div", { "aria-live": "polite", id: fresh(), tabindex: -1 });
      const { note } = this.model.about; // of a stand-in that answers for the bank
      this.note = el("p", { class: "desk-note", role: "note", hidden: !note }, note ?? "");
      this.doubts = el("div", { "aria-live": "polite" }); // what is odd about the form itself
      // Where the letter stands below the form, a line at the foot of the screen tells what it says.
      this.brief = el("a", { class: "desk-brief", href: `#${this.letters.id}`, "aria-hidden": "true", tabindex: -1 });
      this.asking = el("summary");
      this.proposing = el("div", { class: "desk-write" });
      this.proposal = el("details", { class: "desk-more", ontoggle: () => this.propose() }, this.asking, this.proposing);
      this.writing = el("div", { class: "desk-write" });
      this.write = el(
        "details",
        { class: "desk-more", ontoggle: () => this.writer() },
        el("summary", {}, "See it write"),
        this.writing
      );
      this.comparing = el("div", { class: "desk-write" });
      this.compare = el("details", { class: "desk-more", ontoggle: () => this.comparison() }, el("summary", {}, "Compare"), this.comparing);
      const form = el("form", { class: "desk-form", onsubmit: (event) => event.preventDefault() });
      this.fields = el("div");
      form.append(...this.whom(), this.fields);
      const unseen = el("p", { class: "desk-unseen" }, "The letter is not printed: it shows after a guess, when “Show the letter” is pressed.");
      const answer = el("div", { class: "desk-letters" }, this.proposal, this.note, this.doubts, unseen, this.letters, this.compare, this.write);
      this.root.replaceChildren(
        el(
          "div",
          { class: "desk" },
          form,
          el("section", { class: "desk-answer", "aria-label": "Letters" }, answer),
          this.brief
        )
      );
      // What is higher than the window must scroll with the page.
      new ResizeObserver(() => answer.classList.toggle("desk-tall", answer.offsetHeight > innerHeight - parseFloat(getComputedStyle(answer).top) - 16)).observe(answer);
    }

    whom() {
      if (this.people.length === 1) return [el("h2", {}, this.people[0].name)];
      const choices = this.people.map((person, i) => [person.name, i]);
      const choose = select(choices, 0, (event) => this.begin(Number(event.target.value)));
      return [el("h2", { class: "desk-hidden" }, "The form"), labelled("Who asks", choose)];
    }

    form() {
      const rows = (some) => some.map((f) => this.field(f, free(f)));
      const others = this.features.filter((f) => !free(f));
      return [
        this.wishes(),
        el("fieldset", {}, el("legend", {}, "What could change"), ...rows(this.features.filter(free))),
        el("details", { class: "desk-more" }, el("summary", {}, "What nobody can change at will"), ...rows(others)),
      ];
    }

    /** One feature: its value now, and the person's own terms about it. */
    field(f, free) {
      const computed = this.following.has(this.features.indexOf(f));
      const take = (value) => (this.row[f.name] = value);
      const control = computed ? this.output(f) : this.control(f, this.row[f.name], take, () => this.soon());
      const then = el("p", { class: "desk-then" });
      this.then.set(f.name, then);
      return el("div", { class: "desk-row" }, labelled(f.title, control, R.unit(f)), free ? this.own(f) : null, then);
    }

    /** What follows from the rest of the form, as a total from its parts: shown, and not asked for. */
    output(f, into = this.outputs) {
      const place = el("output", { class: "desk-follows" });
      into.set(f.name, place);
      return place;
    }

    /** The row with what follows from the rest, and that shown in its place. */
    follow(row = this.row, outputs = this.outputs) {
      const made = this.model.codec.followed(row, this.held);
      for (const f of this.features) {
        const place = outputs.get(f.name);
        if (place) place.textContent = `${this.wording.value({ ...f, unit: "" }, made[f.name])} (follows from the rest)`;
      }
      return made;
    }

    /** `take` gets a new value, and `then` is called; a field that cannot be read is in `unread` meanwhile. */
    control(f, value, take, then, unread = this.unread) {
      const touched = (read) => (event) => {
        const found = read(event.target);
        if (found !== undefined) take(found);
        then();
      };
      if (f.kind === "numeric") {
        return this.numeral(value, f, touched((field) => {
          const [found, needs] = this.read(field, `${f.title} needs a number`, f.gaps ? null : undefined);
          this.need(field, needs, unread);
          return found;
        }));
      }
      const choices = this.levels(f);
      if (f.gaps) choices.push([this.wording.words.missing, -1]);
      const chosen = value === null ? -1 : f.categories.indexOf(value);
      return select(choices, chosen, touched((target) => f.categories[Number(target.value)] ?? null));
    }

    /** The levels to choose from, a truth in the words of the letter, and their positions. */
    levels(f) {
      return f.categories.map((level, i) => [typeof level === "boolean" ? this.wording.value(f, level) : String(level), i]);
    }

    /** A field for a number: of text, for a field of numbers drops a comma without a word. */
    numeral(value, f, oninput) {
      const shown = (x) => String(decimal(x)).replace(".", this.point);
      const onkeydown = (event) => {
        const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        const now = by && number(event.target.value.trim(), this.point);
        if (now === undefined) return;
        event.preventDefault();
        event.target.value = shown(now + by * (f.step ?? 1));
        event.target.dispatchEvent(new Event("input"));
      };
      const signed = this.model.codec.low[this.features.indexOf(f)] < 0; // some telephones have no minus among decimals
      const about = { type: "text", inputmode: signed ? null : "decimal", autocomplete: "off" };
      return el("input", { ...about, value: value === null ? "" : shown(value), oninput, onkeydown });
    }

    /** What a field for a number says, and what it needs where it cannot be read; `empty` is an empty one's value. */
    read(field, needs, empty, fits = () => true) {
      const text = field.value.trim().replace("\u2212", "-");
      if (text === "") return [empty, empty === undefined ? needs : null];
      const value = number(text, this.point);
      if (value !== undefined && fits(value)) return [value, null];
      const other = this.point === "." ? "," : ".";
      const twice = value === undefined && number(text, other) !== undefined; // the mark may be of either kind
      const ways = [text.replace(other, ""), text.replace(other, this.point)];
      return [undefined, `${needs}: “${text}” ${twice ? `may be ${ways.join(" or ")}` : "is none"}`];
    }

    /** Keep what a control needs, or that it needs nothing, and mark it. */
    need(control, needs, unread = this.unread) {
      if (needs) unread.set(control, needs);
      else unread.delete(control);
      mark(control, needs);
    }

    /** Keep it, bound it, or say how hard it is. */
    own(f) {
      const { terms } = this;
      const keep = el("input", {
        type: "checkbox",
        id: fresh(),
        onchange: (event) => {
          terms.freeze = terms.freeze.filter((name) => name !== f.name);
          if (event.target.checked) terms.freeze.push(f.name);
          this.soon();
        },
      });
      const hard = select(HARD, 1, (event) => {
        const times = Number(event.target.value);
        if (times === 1) delete terms.weights[f.name];
        else terms.weights[f.name] = times * f.weight;
        this.soon();
      });
      return el(
        "details",
        { class: "desk-own" },
        el("summary", {}, el("span", { class: "desk-hidden" }, `${f.title}: `), "my terms"),
        el("div", { class: "desk-check" }, keep, el("label", { for: keep.id }, "keep it as it is")),
        ...(f.kind === "nominal" ? [] : this.bounds(f)),
        labelled("how hard", hard)
      );
    }

    bounds(f) {
      const numeric = f.kind === "numeric";
      const [ends, needs] = [[null, null], [null, null]];
      const rank = (end) => (numeric ? end : f.categories.indexOf(end));
      const take = (place) => ({ target }) => {
        const [end, need] = numeric ? this.read(target, `${f.title} needs a number`, null) : [f.categories[target.value] ?? null, null];
        needs[place] = need;
        if (end !== undefined) ends[place] = end;
        const crossed = !needs.some(Boolean) && ends.every((one) => one !== null) && rank(ends[0]) > rank(ends[1]);
        const [low, high] = ends.map((one) => this.wording.value(f, one));
        const both = crossed ? `${f.title}: at least ${low} and at most ${high} exclude each other` : null;
        controls.forEach((control, i) => this.need(control, needs[i] ?? both));
        if (ends.every((one) => one === null)) delete this.terms.bounds[f.name];
        else this.terms.bounds[f.name] = [...ends];
        this.soon();
      };
      const choices = [["any", ""], ...this.levels(f)];
      const controls = [0, 1].map((place) => (numeric ? this.numeral(null, f, take(place)) : select(choices, "", take(place))));
      return ["at least", "at most"].map((text, place) => labelled(text, controls[place]));
    }

    /** Terms about the whole answer. */
    wishes() {
      const { terms, features } = this;
      const counts = Array.from({ length: Math.min(features.filter(free).length, 8) }, (_, i) => [String(i + 1), i + 1]);
      const most = select([["any number", ""], ...counts], "", (event) => {
        terms.maxChanges = event.target.value === "" ? null : Number(event.target.value);
        this.soon();
      });
      const years = Array.from({ length: LONGEST_WAIT + 1 }, (_, i) => [i ? this.wording.time(i) : "not at all", i]);
      const wait = select(years, 0, (event) => {
        terms.wait = Number(event.target.value);
        this.soon();
      });
      const several = Array.from({ length: MOST_OPTIONS }, (_, i) => [String(i + 1), i + 1]);
      const options = select(several, 1, (event) => {
        this.n = Number(event.target.value);
        this.soon();
      });
      const own = this.model.about.threshold; // none where the most probable class decides
      const bar = this.numeral(own === null ? null : 100 * own, { step: 1 }, ({ target }) => {
        const needs = "the bank's bar needs a number of at least 0 and below 100";
        const [bar, need] = this.read(target, needs, own === null ? null : undefined, (x) => x >= 0 && x < 100);
        this.need(target, need);
        if (bar !== undefined) terms.threshold = bar === null ? null : decimal(bar / 100);
        this.soon();
      });
      const clocks = features.some((f) => f.actionability === "clock");
      return el(
        "fieldset",
        {},
        el("legend", {}, "My terms"),
        labelled("At most so many changes", most),
        clocks ? labelled("I would wait", wait) : null,
        labelled("Options", options),
        el("details", { class: "desk-own" }, el("summary", {}, "the bank's bar"), labelled("Yes lies above (%)", bar))
      );
    }

    // -- answers ------------------------------------------------------------------------------------------

    soon() {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.answer(), PAUSE);
    }

    answer() {
      clearTimeout(this.searching);
      if (this.unread.size) return this.ask();
      this.row = this.follow();
      this.doubts.replaceChildren(...this.doubtful().map((said) => el("p", { class: "desk-note", role: "note" }, said)));
      const { threshold, maxChanges, ...terms } = this.terms;
      if (threshold !== null) terms.threshold = threshold;
      if (maxChanges !== null) terms.maxChanges = maxChanges;
      this.search(this.model.answers(this.row, terms, this.n), terms);
    }

    /** What a reader should know of a form before they trust its letter. */
    doubtful() {
      const { codec } = this.model;
      const said = [];
      codec.held(this.row).forEach((fine, i) => {
        if (!fine) said.push(`This does not hold of the form: ${R.rule(codec, codec.relations[i])}. Correct the form before you send a letter.`);
      });
      codec.features.forEach((f, j) => {
        const now = this.row[f.name];
        const [low, high] = [codec.low[j], codec.low[j] + codec.width[j]];
        if (f.kind !== "numeric" || now === null) return;
        const [value, from, to] = [now, low, high].map((x) => this.wording.value(f, x));
        const stepped = (x) => Math.abs(x / f.step - Math.round(x / f.step)) < 1e-6;
        const odd =
          now < low || now > high
            ? `lies outside of all that the model has seen, ${from} to ${to}`
            : f.step && !stepped(now) && codec.grid[j].every((x) => stepped(low + x * codec.width[j]))
              ? `lies between the numbers that the model knows, which are multiples of ${this.wording.number(f.step)}`
              : "";
        if (odd) said.push(`${f.title}: ${value} ${odd}. What it says of that is a guess.`);
      });
      return said;
    }

    /** Nothing is told of a form that cannot be read, but what it needs. */
    ask() {
      this.doubts.replaceChildren();
      const needs = [...new Set(this.unread.values())].map((text) => el("li", {}, text));
      this.letters.setAttribute("aria-busy", "false");
      this.letters.replaceChildren(el("article", { class: "desk-letter" }, el("p", {}, "There is no letter yet:"), el("ul", {}, ...needs)));
      this.brief.textContent = "There is no letter yet ↓";
      for (const place of this.then.values()) place.textContent = "";
    }

    /** Where further options take longer than an eye waits, the first one is told while they are sought. */
    search(answers, terms, told = false) {
      const start = performance.now();
      let step;
      do {
        step = answers.next();
      } while (!step.done && performance.now() - start < PATIENCE);
      if (step.done) return this.tell(step.value, terms);
      const { options } = step.value;
      if (!told && options.length) this.tell({ ...step.value, options: options.slice(0, 1) }, terms, false);
      this.searching = setTimeout(() => this.search(answers, terms, told || options.length > 0), 0);
    }

    tell(answer, terms, all = true) {
      this.letter = new R.Letter(this.model, this.row, answer, terms, this.n);
      this.show(all);
      if (!all) return;
      this.propose();
      this.comparison();
      this.writer();
      performance.mark("recourse-letter");
    }

    /** Your own proposal, judged once for each letter; whoever guesses first sees no letter yet. */
    propose() {
      this.asking.textContent = this.guess ? "Guess first" : "Try a proposal of your own";
      this.letters.hidden = this.compare.hidden = this.write.hidden = this.guess;
      this.root.firstChild.classList.toggle("desk-guessing", this.guess); // the form does not tell either
      if (!this.proposal.open || !this.letter || this.judged === this.letter) return;
      this.judged = this.letter;
      this.proposed ??= new R.Proposal(this.proposing, this.model, {
        control: (...about) => this.control(...about),
        output: (...about) => this.output(...about),
        follow: (...about) => this.follow(...about),
        following: this.following,
        wording: this.wording,
        done: () => {
          this.guess = false;
          this.proposal.open = false;
          this.propose();
          this.letters.focus();
        },
      });
      this.proposed.renew(this.row, this.letter.terms);
    }

    /** The same person answered in other ways, for the form and the terms as they are now. */
    comparison() {
      if (!this.compare.open || !this.letter) return;
      const { answer } = this.letter;
      if (answer.accepted) this.comparing.replaceChildren(el("p", {}, "The bank says yes already."));
      else anew(this.comparing, () => new R.Compare(this.comparing, this.model, this.row, answer, this.wording));
    }

    /** The view that writes, for the form and the terms as they are now. */
    writer() {
      if (!this.write.open || !this.letter) return;
      anew(this.writing, () => new R.Writer(this.writing, this.model, this.letter.answer.limits, this.wording));
    }

    show(all) {
      const { letter } = this;
      const said = (lines) => lines.map((line) => el("p", {}, line));
      const offers = letter.offers;
      const parts = [...said(letter.opening), ...offers.map((offer) => this.offer(offer))];
      this.letters.setAttribute("aria-busy", String(!all));
      this.letters.replaceChildren(el("article", { class: "desk-letter", lang: this.wording.words.language }, ...parts));
      const paper = this.letters.firstChild;
      const wished = this.wished();
      if (wished.length) paper.append(el("p", { class: "desk-wished", lang: "en" }, `By these terms: ${wished.join("; ")}.`));
      const close = () => paper.append(...this.paragraphs(letter.closing), ...said(letter.always));
      // Which wish stands in the way is found by many draws; the letter need not wait for that.
      if (!all) paper.append(el("p", {}, "…"));
      else if (offers.length || letter.answer.accepted) close();
      else setTimeout(() => paper.isConnected && close(), 0);
      this.mark(offers);
    }

    /** The terms as they stand: on paper, where no control shows them. */
    wished() {
      const { terms, wording } = this;
      const of = (name) => this.features.find((f) => f.name === name);
      const said = terms.freeze.map((name) => `${of(name).title} stays as it is`);
      for (const [name, ends] of Object.entries(terms.bounds)) {
        const parts = ["at least", "at most"].flatMap((word, i) => (ends[i] === null ? [] : [`${word} ${wording.value(of(name), ends[i])}`]));
        said.push(`${of(name).title} ${parts.join(" and ")}`);
      }
      for (const [name, weight] of Object.entries(terms.weights)) {
        said.push(`${of(name).title} is ${HARD.find(([, times]) => times * of(name).weight === weight)[0]}`);
      }
      if (terms.maxChanges !== null) said.push(`no more changes than ${terms.maxChanges}`);
      if (terms.wait) said.push(`waiting for up to ${wording.time(terms.wait)}`);
      if (terms.threshold !== null) said.push(`the bank says yes above ${wording.bar(terms.threshold)}`);
      return said;
    }

    offer(offer) {
      const head = this.wording.say("offer", offer) + (offer.asks.size ? ":" : ".");
      const asks = [...offer.asks.values()].map((ask) => el("li", {}, ask));
      return el(
        "section",
        {},
        this.n > 1 ? el("h3", {}, offer.name) : null,
        el("p", {}, head),
        asks.length ? el("ul", {}, ...asks) : null,
        offer.following ? el("p", {}, offer.following) : null,
        offer.waiting ? el("p", {}, offer.waiting) : null,
        el("p", {}, this.wording.words.nothing_else)
      );
    }

    /** Sentences as paragraphs, and what stands in a list as one. */
    paragraphs(lines) {
      const parts = [];
      for (const line of lines) {
        if (!line.startsWith(R.ITEM)) parts.push(el("p", {}, line));
        else {
          const last = parts[parts.length - 1];
          const list = last?.tagName === "UL" ? last : el("ul");
          if (list !== last) parts.push(list);
          list.append(el("li", {}, line.slice(R.ITEM.length)));
        }
      }
      return parts;
    }

    /** Beside each row of the form: what the options make of it; and the shortest of letters. */
    mark(offers) {
      const { answer } = this.letter;
      const percent = (chance) => this.wording.percent(chance, answer.bar);
      const count = (n) => `${n} ${n === 1 ? "change" : "changes"}`;
      this.brief.textContent = answer.accepted
        ? `A yes already, with ${percent(answer.chance)}`
        : offers.length
          ? `A yes with ${percent(answer.options[0].chance)}: ${count(offers[0].asks.size)} ↓`
          : "No option was found ↓";
      this.features.forEach((f, j) => {
        const told = offers.filter((offer) => offer.moves.has(j)).map((offer) => {
          const name = this.n > 1 ? `${offer.name}: ` : "";
          return `${name}→ ${offer.moves.get(j)[1]}`;
        });
        this.then.get(f.name).textContent = told.join("; ");
      });
    }
  }

  Object.assign(R, { Desk });
})((globalThis.Recourse ??= {}));
