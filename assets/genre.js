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
