// Code that is wider than its place scrolls: the keyboard must be able to reach it, and only then.

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
    } else {
      target.removeAttribute("tabindex");
    }
  }
});

document.querySelectorAll(".prose pre").forEach((block) => sizes.observe(block));
