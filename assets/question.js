// Questions of a page: asked as a form, judged at once, and remembered by this browser alone.
(function (R) {
  "use strict";
  const { el } = R;
  const KEPT = "genre-lite.answers";

  // -- what an answer is told -----------------------------------------------------------------------

  /** 0.5, 0,5, 1/2 and 50 % are one number; NaN if it is none. */
  function number(text) {
    const [, sign, over, under, percent] =
      text.trim().replace(",", ".").match(/^([-−]?)\s*(\d+\.?\d*|\.\d+)(?:\s*\/\s*(\d+\.?\d*))?\s*(%?)$/) ?? [];
    if (over === undefined) return NaN;
    return ((sign ? -1 : 1) * Number(over)) / Number(under ?? 1) / (percent ? 100 : 1);
  }

  /** Of each kind, the places of the answers that a guess is told. */
  const TOLD = {
    choice: (answers, guess) => where(answers, (a) => a.option === guess[0]),
    several(answers, guess) {
      const picked = (a) => guess.includes(a.option);
      const wrong = where(answers, (a) => !a.right && picked(a));
      if (wrong.length) return wrong;
      return answers.some((a) => a.right && !picked(a)) ? rest(answers) : where(answers, (a) => a.right);
    },
    number(answers, guess) {
      const near = 1e-9 * (1 + Math.abs(guess)); // what a fraction loses
      const inside = (a) => guess >= (a.from ?? -Infinity) - near && guess <= (a.to ?? Infinity) + near;
      return where(answers, (a) => !a.else && inside(a)).slice(0, 1).concat(rest(answers)).slice(0, 1);
    },
    order(answers, guess) {
      const same = (a) => a.order?.every((item, place) => item === guess[place]);
      const before = (a) => a.before && guess.indexOf(a.before[0]) < guess.indexOf(a.before[1]);
      return where(answers, (a) => same(a) || before(a)).slice(0, 1).concat(rest(answers)).slice(0, 1);
    },
  };
  const where = (answers, holds) => answers.flatMap((a, place) => (holds(a) ? [place] : []));
  const rest = (answers) => where(answers, (a) => a.else);

  /** Whether a guess is right, and the places of the answers that it is told. */
  function judge(kind, answers, guess) {
    const told = TOLD[kind](answers, guess);
    return { right: told.every((place) => answers[place].right), told };
  }

  // -- what is kept ---------------------------------------------------------------------------------

  /** What was answered, by label; where the browser keeps nothing, until the page is left. */
  class Memory {
    constructor() {
      this.lasts = true;
      this.read();
    }

    read() {
      try {
        const found = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
        this.answers = found && typeof found === "object" && !Array.isArray(found) ? found : {};
      } catch (error) {
        // A spoilt text means only that the reader begins anew; a refusal, that nothing lasts.
        this.lasts = error instanceof SyntaxError;
        this.answers = {};
      }
    }

    write(change) {
      if (this.lasts) this.read(); // another tab may have answered meanwhile
      change(this.answers);
      try {
        localStorage.setItem(KEPT, JSON.stringify(this.answers));
      } catch {
        this.lasts = false;
      }
    }
  }

  // -- a question -----------------------------------------------------------------------------------

  const LEGENDS = {
    choice: "Choose one",
    several: "Choose all that hold",
    number: "Give a number",
    order: "Move them up and down",
  };

  class Question {
    constructor(root, memory, changed) {
      Object.assign(this, { root, memory, changed, label: root.id });
      this.kind = root.dataset.kind;
      this.answers = JSON.parse(root.dataset.answers);
      this.fold = root.querySelector(".question-fold");
      this.list = root.querySelector(".question-options");
      this.items = [...(this.list?.children ?? [])];
      this.verdict = el("div", { class: "question-verdict", role: "status" });
      this.form();
      if ("predict" in root.dataset) this.wait();
      const before = memory.answers[this.label];
      if (before) this.restore(before);
      else this.fold.hidden = true; // think first
    }

    form() {
      const predict = "predict" in this.root.dataset;
      const set = el("fieldset", {}, el("legend", {}, LEGENDS[this.kind]));
      const button = el("button", { type: "submit" }, predict ? "This is my guess" : "Check");
      const form = el("form", { class: "question-form", novalidate: true, onsubmit: (event) => this.check(event) }, set);
      this.fold.before(form, this.verdict);
      if (this.list) set.append(this.list);
      this[this.kind === "several" ? "choice" : this.kind](set);
      form.append(button);
    }

    choice(set) {
      const type = this.kind === "several" ? "checkbox" : "radio";
      this.inputs = this.items.map((item, place) => {
        const input = el("input", { type, name: this.label, value: String(place + 1), onchange: () => this.mark() });
        const words = (item.querySelector("p") ?? item).childNodes;
        // Where an option is a formula alone, not every reader takes it for a name.
        if ([...words].every((part) => part.matches?.(".math") || !part.textContent.trim()))
          input.setAttribute("aria-label", item.textContent.trim());
        item.replaceChildren(el("label", {}, input, el("span", {}, ...words)));
        return input;
      });
      const parts = this.root.querySelectorAll("[data-option]");
      if (parts.length) this.list.before(el("p", {}, "Press in the drawing, or choose here:"));
      for (const part of parts)
        part.addEventListener("click", () => this.inputs[part.dataset.option - 1].click());
      this.guess = () => this.inputs.filter((input) => input.checked).map((input) => Number(input.value));
      this.set = (guess) => {
        for (const input of this.inputs) input.checked = guess.includes(Number(input.value));
        this.mark();
      };
    }

    /** The chosen parts of the figure. */
    mark() {
      for (const part of this.root.querySelectorAll("[data-option]"))
        part.classList.toggle("chosen", this.inputs[part.dataset.option - 1].checked);
    }

    number(set) {
      const input = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", size: 8 });
      set.append(el("label", {}, el("span", {}, "Your number"), input));
      this.guess = () => number(input.value);
      this.set = (guess) => (input.value = String(guess));
    }

    order() {
      this.moved = el("p", { class: "question-moved", role: "status" });
      this.list.after(this.moved);
      this.items.forEach((item, place) => {
        item.value = place + 1; // keeps its number wherever it goes
        const words = item.textContent.trim();
        const arrow = (sign, name, by) =>
          el("button", { type: "button", "aria-label": `${name}: ${words}`, onclick: () => this.move(item, by) }, sign);
        const text = el("span", {}, ...(item.querySelector("p") ?? item).childNodes);
        const moves = el("span", { class: "question-moves" }, arrow("↑", "Up", -1), arrow("↓", "Down", 1));
        item.replaceChildren(el("div", { class: "question-item" }, moves, text));
      });
      this.guess = () => [...this.list.children].map((item) => item.value);
      this.set = (guess) => this.list.append(...guess.map((place) => this.items[place - 1]));
    }

    move(item, by) {
      const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
      // The other one is moved, so that the pressed button keeps the focus.
      if (other) by < 0 ? item.after(other) : item.before(other);
      const place = [...this.list.children].indexOf(item) + 1;
      this.moved.textContent = `Place ${place} of ${this.items.length}.`;
    }

    check(event) {
      event.preventDefault();
      const guess = this.guess();
      const empty = this.kind === "number" ? Number.isNaN(guess) : !guess.length;
      if (empty) {
        const wanted = this.kind === "number" ? "Give a number, such as 2, 0.5 or 1/3." : "Choose an answer first.";
        this.verdict.replaceChildren(el("p", {}, wanted));
        this.verdict.removeAttribute("data-state");
        return;
      }
      const { right } = this.tell(guess);
      this.memory.write((answers) => {
        const before = answers[this.label] ?? { page: this.root.dataset.page, tries: 0, first: guess };
        const tries = before.tries + (before.right ? 0 : 1);
        const done = right || "predict" in this.root.dataset; // a prediction is a guess, and then one sees
        answers[this.label] = { ...before, tries, last: guess, right, done, at: new Date().toISOString() };
      });
      this.reveal?.();
      this.changed();
    }

    tell(guess) {
      const said = judge(this.kind, this.answers, guess);
      const places = this.root.querySelectorAll(".question-answers > li");
      const words = said.told.flatMap((place) => {
        const copy = places[place].cloneNode(true);
        copy.querySelector("strong").remove(); // the answer itself
        return [...copy.children];
      });
      const wrong = "predict" in this.root.dataset ? "Not so. " : "Not yet. ";
      const mark = el("strong", {}, said.right ? "✓ Right. " : wrong);
      words[0].prepend(mark);
      this.verdict.replaceChildren(...words);
      this.verdict.dataset.state = said.right ? "right" : "wrong";
      this.fold.hidden = false;
      return said;
    }

    restore({ last }) {
      try {
        this.set(last);
        this.tell(last);
        this.reveal?.();
      } catch {
        this.fold.hidden = true; // the question has changed since
      }
    }

    /** The next output of the page is not shown until a guess is made, or asked for. */
    wait() {
      const output = next(this.root);
      if (output) this.reveal = hide(output, "The output waits for your guess. ");
    }
  }

  // -- an output that waits -------------------------------------------------------------------------

  /** The next output after a part of the page. */
  const next = (root) =>
    [...document.querySelectorAll(".cell_output")].find(
      (box) => root.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING,
    );

  /** The paragraphs that speak of an output at once: those up to the next cell, heading or box. */
  function spoken(output) {
    const parts = [];
    let part = output.closest(".cell")?.nextElementSibling;
    for (; part?.matches("p, ul, ol, div.math"); part = part.nextElementSibling) parts.push(part);
    return parts;
  }

  /** Hide an output and what is said of it behind a button; returns what shows them. */
  function hide(output, ...said) {
    const show = el("button", { type: "button", onclick: () => (reveal(), output.focus()) }, "Show it");
    const note = el("p", { class: "question-waiting" }, ...said, show);
    const reveal = () => {
      note.remove();
      for (const part of [output, ...after]) part.removeAttribute("hidden");
    };
    const after = spoken(output);
    output.before(note);
    output.tabIndex = -1;
    for (const part of [output, ...after]) {
      part.setAttribute("hidden", "until-found"); // the browser's search still finds it
      part.addEventListener("beforematch", reveal);
    }
    // A link to a figure inside shows it, also where a browser does not know "until-found".
    const linked = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!target || !output.contains(target) || !output.hasAttribute("hidden")) return;
      reveal();
      target.scrollIntoView();
    };
    addEventListener("hashchange", linked);
    linked();
    return reveal;
  }

  /** Where the prose says "Predict", the reader has a line to write on, and the next output waits. */
  function predictions() {
    for (const word of document.querySelectorAll("p > strong")) {
      const output = /^Predict\b/.test(word.textContent) && next(word);
      if (!output || output.hasAttribute("hidden")) continue;
      const guess = el("input", { type: "text", autocomplete: "off" });
      const line = el("label", { class: "question-guess" }, el("span", {}, "Your guess, for yourself"), guess);
      word.closest("p").after(line);
      hide(output, "The output waits until you have guessed. ");
    }
  }

  // -- a page ---------------------------------------------------------------------------------------

  /** How many of the page's questions were answered, below its head. */
  function count(roots, memory, address) {
    const bar = el("progress", { max: roots.length, value: 0, "aria-hidden": "true" });
    const words = el("span");
    const line = el("p", { class: "question-progress" }, bar, words, el("a", { href: address }, "Your answers"));
    const head = document.querySelector("article .admonition, article h1");
    if (head) head.after(line);
    else roots[0].before(line);
    return () => {
      const done = roots.filter((root) => memory.answers[root.id]?.done).length;
      bar.value = done;
      const until = memory.lasts ? "" : " (this browser keeps them until you leave the page)";
      words.textContent = ` ${done} of ${roots.length} questions on this page answered${until}. `;
    };
  }

  /** The table of all answers, with a way to take them along and one to forget them. */
  function overview(root, memory) {
    const said = el("p", { role: "status" });
    const save = el("button", { type: "button", onclick: () => download(memory) }, "Save them as a file");
    const forget = el("button", { type: "button", onclick: sure, onblur: calm }, "Forget them");
    const file = el("input", { type: "file", accept: ".json,application/json", onchange: bring });
    const again = el("label", {}, el("span", {}, "Read saved answers in again "), file);
    root.append(el("p", { class: "question-acts" }, save, forget, again), said);

    async function bring() {
      const [chosen] = file.files;
      if (!chosen) return;
      try {
        const found = saved(await chosen.text());
        const news = Object.keys(found).filter((label) => later(found[label], memory.answers[label]));
        memory.write((answers) => news.forEach((label) => (answers[label] = found[label])));
        draw();
        const all = Object.keys(found).length;
        said.textContent = `Of ${all} ${all === 1 ? "answer" : "answers"} in the file, ${news.length} ${news.length === 1 ? "is" : "are"} new here.`;
      } catch {
        said.textContent = "This file holds no saved answers, and nothing has changed. Choose the one that you saved here, answers.json.";
      }
      file.value = ""; // the same file may be chosen again
    }

    function calm() {
      forget.textContent = "Forget them";
    }
    function sure() {
      if (forget.textContent === "Forget them") {
        forget.textContent = "Press again to forget them all";
        return;
      }
      memory.write((answers) => Object.keys(answers).forEach((label) => delete answers[label]));
      calm();
      draw();
      said.textContent = "Nothing is kept any more.";
    }
    function draw() {
      const every = Object.values(memory.answers);
      for (const row of root.querySelectorAll("tr[data-page]"))
        row.lastElementChild.textContent = every.filter((a) => a.done && a.page === row.dataset.page).length;
      if (!memory.lasts) said.textContent = "This browser keeps nothing for this page.";
    }
    draw();
  }

  /** The answers in the text of a saved file; throws where it is another file. */
  function saved(text) {
    const { answers } = JSON.parse(text);
    const whole = (a) => typeof a?.page === "string" && typeof a.at === "string" && typeof a.done === "boolean";
    if (!answers || typeof answers !== "object" || Array.isArray(answers) || !Object.values(answers).every(whole))
      throw new TypeError("no saved answers");
    return answers;
  }

  /** Whether one answer was given after another, which may be missing. */
  const later = (one, other) => !(other?.at >= one.at);

  function download(memory) {
    const text = JSON.stringify({ book: document.title, saved: new Date().toISOString(), answers: memory.answers }, null, 2);
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    el("a", { href: address, download: "answers.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  function begin(address) {
    const memory = new Memory();
    const roots = [...document.querySelectorAll(".question")];
    if (roots.length) {
      const renew = count(roots, memory, address);
      for (const root of roots) new Question(root, memory, renew);
      renew();
    }
    predictions();
    for (const root of document.querySelectorAll(".question-kept")) overview(root, memory);
  }

  Object.assign(R, { judge, number });
  if (globalThis.document) begin(new URL("../book/solutions.html#your-answers", document.currentScript.src).href);
})((globalThis.Recourse ??= {}));
