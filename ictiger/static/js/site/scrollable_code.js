// Make code blocks that scroll sideways focusable, so that the keyboard can scroll them. Other blocks are not
// focusable.

const overflowObserver = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
    } else {
      target.removeAttribute("tabindex");
    }
  }
});

document.querySelectorAll(".prose pre").forEach((block) => overflowObserver.observe(block));
