// What the views of a page are made with.
(function (R) {
  "use strict";

  /** An element with attributes, listeners (on…) and children. */
  function el(tag, about = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(about)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  let made = 0;
  /** An id that no other element has. */
  const fresh = () => `desk-${++made}`;

  /** A control under its label; what it counts stays beside it. */
  function labelled(text, control, hint = null) {
    control.id ||= fresh();
    const held = hint ? el("span", { class: "desk-counted" }, control, hint) : control;
    return el("div", { class: "desk-field" }, el("label", { for: control.id }, text), held);
  }

  /** What somebody wrote, as a number; undefined if it is none, or two: 1,500 where the decimal mark is a point. */
  function number(text, mark) {
    const found = /^[+-]?(\d*)(?:([.,])(\d*))?(?:e[+-]?\d+)?$/i.exec(text);
    if (!found || !/\d/.test(found[1] + (found[3] ?? ""))) return undefined;
    const [, whole, at, rest] = found;
    if (at && at !== mark && rest.length === 3 && /^[1-9]\d{0,2}$/.test(whole)) return undefined;
    const value = Number(text.replace(",", "."));
    return Number.isFinite(value) ? value : undefined;
  }

  /** A number without the noise of its binary digits, be it of double or of single precision. */
  function decimal(x) {
    const single = Math.fround(x) === x;
    for (let digits = 1; single && digits < 10; digits++) {
      const short = Number(x.toPrecision(digits));
      if (Math.fround(short) === x) return short;
    }
    return Number(x.toPrecision(15));
  }

  /** A mark on a control, and beside it what it needs; nothing where all is well. */
  function mark(control, needs) {
    const place = control.closest(".desk-field");
    let said = place.querySelector(".desk-needs");
    if (!said) place.append((said = el("p", { class: "desk-needs", id: fresh() })));
    said.textContent = needs ?? "";
    control.setAttribute("aria-invalid", String(Boolean(needs)));
    if (needs) control.setAttribute("aria-describedby", said.id);
    else control.removeAttribute("aria-describedby");
  }

  /** Make a place anew; the control that has the focus hands it to the one in its stead. */
  function anew(place, make) {
    const controls = () => [...place.querySelectorAll("input, select, summary, button")];
    const held = controls().indexOf(document.activeElement);
    make();
    controls()[held]?.focus();
  }

  function select(choices, chosen, onchange) {
    const options = choices.map(([text, value]) =>
      el("option", { value: String(value), selected: value === chosen }, text)
    );
    return el("select", { onchange }, ...options);
  }

  /** Whether a person can change a feature at will. */
  const free = (f) => f.actionability !== "immutable" && f.actionability !== "clock";

  /** What a number counts, beside its control. */
  const unit = (f) =>
    f.kind === "numeric" && f.unit && f.unit !== "year" ? el("span", { class: "desk-unit" }, f.unit) : null;

  /** A relation with its features as the form names them; it is read once, so that no title is taken for a name. */
  function rule(codec, relation) {
    const titles = new Map(relation.names.map((j) => [String(codec.features[j].name), codec.features[j].title]));
    return relation.text.replace(/'[^']*'|"[^"]*"|`([^`]*)`|[\p{L}\p{M}\p{N}_.]+/gu, (part, quoted) => {
      const title = /^['"]/.test(part) ? undefined : titles.get(quoted ?? part);
      return title === undefined ? part : `“${title}”`;
    });
  }

  Object.assign(R, { anew, decimal, el, free, fresh, labelled, mark, number, rule, select, unit });
})((globalThis.Recourse ??= {}));
