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

  /** What a number field says; undefined where it cannot be read, null where it may be empty and is. */
  function number(field, empty) {
    if (!field.validity.badInput && field.value === "") return empty;
    const { badInput, rangeUnderflow, rangeOverflow } = field.validity; // any fraction may be given
    return badInput || rangeUnderflow || rangeOverflow ? undefined : Number(field.value);
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

  /** A relation with its features as the form names them. */
  function rule(codec, relation) {
    const named = (text, j) => {
      const { name, title } = codec.features[j];
      const word = String(name).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      return text.replace(new RegExp(`\`${word}\`|(?<![\\w'"-])${word}(?![\\w'"-])`, "g"), () => `“${title}”`);
    };
    return relation.names.reduce(named, relation.text);
  }

  Object.assign(R, { el, free, fresh, labelled, number, rule, select, unit });
})((globalThis.Recourse ??= {}));
