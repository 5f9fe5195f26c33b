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

  Object.assign(R, { el, fresh });
})((globalThis.Recourse ??= {}));
