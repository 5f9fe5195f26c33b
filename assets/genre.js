// What is wider than its box scrolls; the arrow keys can do it too, once the box can be reached.
addEventListener("load", () => {
  const boxes = document.querySelectorAll(".bd-article :is(.formula, .genre-recourse, figure, .pst-scrollable-table-container, dl.py > dt)");
  const look = new ResizeObserver((seen) => {
    for (const { target } of seen) {
      const wide = target.scrollWidth > target.clientWidth + 1 && getComputedStyle(target).overflowX === "auto";
      target.classList.toggle("genre-wide", wide);
      if (wide) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  boxes.forEach((box) => look.observe(box));
});

// On paper every page is light; the reader's own theme comes back afterwards.
addEventListener("beforeprint", () => {
  const page = document.documentElement;
  const { theme } = page.dataset;
  page.dataset.theme = "light";
  addEventListener("afterprint", () => (page.dataset.theme = theme), { once: true });
});

// Whoever closes the contents or the search by a key goes on from the button that opened them.
addEventListener("DOMContentLoaded", () => {
  let opener = null;
  document.addEventListener("click", ({ target }) => (opener = target.closest?.("button, label") ?? opener), true);
  // The theme takes the focus from every button that was pressed; a key that pressed it may press it again.
  document.addEventListener("click", ({ target, detail }) => {
    const button = target.closest?.("button");
    if (button && detail === 0) setTimeout(() => document.activeElement === document.body && button.focus());
  });
  for (const dialog of document.querySelectorAll("dialog"))
    dialog.addEventListener("close", () => {
      if (opener?.isConnected && document.activeElement === document.body) opener.focus();
    });
});
