// A figure that moves: the controls choose which of the drawings that Python made is shown.
(function (R) {
  "use strict";

  /** A number as genre_lite/plotting/moving.py writes it. */
  const written = (value, digits) => value.toFixed(digits).replace("-", "−");

  const percent = (value, [low, high]) => `${(100 * (value - low)) / (high - low || 1)}%`;

  /** One figure; `show` is told which choice each control has. */
  class Moving {
    constructor(box) {
      this.box = box;
      this.data = JSON.parse(box.querySelector('script[type="application/json"]').textContent);
      this.controls = [...box.querySelectorAll(".moving-controls :is(input, select)")];
      this.layers = [...box.querySelectorAll("svg > g")];
      for (const control of this.controls) control.addEventListener("input", () => this.show());
      if (this.data.readings) this.follow();
      box.querySelector(".moving-controls").hidden = false;
      this.show(); // a browser may have kept where a slider stood
    }

    show() {
      const choice = this.controls.map((control) => Number(control.value));
      this.controls.forEach((control, i) => {
        if (control.type !== "range") return;
        const text = this.data.values[i][choice[i]];
        control.setAttribute("aria-valuetext", text);
        control.closest("div").querySelector("b").textContent = text;
      });
      const text = this.data.readings ? this.read(choice) : this.choose(choice);
      const said = this.box.querySelector(".moving-said");
      if (said.textContent !== text) said.textContent = text; // else a screen reader says it again
    }

    /** Put the drawings of a state in their places, and return its words. */
    choose(choice) {
      const at = choice.reduce((sum, i, k) => sum * this.data.values[k].length + i, 0);
      const [said, ...drawings] = this.data.states[at];
      drawings.forEach((drawing, k) => {
        this.layers[k].innerHTML = drawing;
      });
      return said;
    }

    /** Put the point where it belongs, and return what is read there. */
    read([i, j]) {
      const { at, names, values, readings } = this.data;
      this.box.querySelector(".moving-point").setAttribute("transform", `translate(${at[0][i]} ${at[1][j]})`);
      const meters = [...this.box.querySelectorAll(".moving-readings > div")];
      const told = readings.map(({ name, digits, cut, words, ends, values: grid }, k) => {
        const value = grid[j][i];
        const text = written(value, digits);
        meters[k].querySelector("i").style.width = percent(value, ends);
        meters[k].querySelector("b").textContent = text;
        const word = cut === null ? "" : words[Number(value > cut)];
        return `${name} ${text}${word && `, ${word}`}`;
      });
      return `${names[0]} = ${values[0][i]}, ${names[1]} = ${values[1][j]}: ${told.join("; ")}.`;
    }

    /** The pointer takes the point along, and a button puts it on a place. */
    follow() {
      const svg = this.box.querySelector("svg");
      const go = (i, j) => {
        [this.controls[0].value, this.controls[1].value] = [i, j];
        this.show();
      };
      const nearest = (line, value) =>
        line.reduce((best, v, i) => (Math.abs(v - value) < Math.abs(line[best] - value) ? i : best), 0);
      const move = (event) => {
        const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        go(nearest(this.data.at[0], x), nearest(this.data.at[1], y));
      };
      svg.addEventListener("click", move);
      svg.addEventListener("pointermove", (event) => {
        // A finger that moves scrolls the page; it moves the point by a tap.
        if (event.buttons && event.pointerType !== "touch") move(event);
      });
      for (const button of this.box.querySelectorAll(".moving-places button")) {
        button.addEventListener("click", () => go(...button.dataset.at.split(" ")));
      }
    }
  }

  R.Moving = Moving;
  // A page may hold several figures, and each brings this script along.
  for (const box of document.querySelectorAll(".genre-moving:not([data-moves])")) {
    box.dataset.moves = "";
    new Moving(box);
  }
})((globalThis.Recourse ??= {}));
