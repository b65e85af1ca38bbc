// Keep the reader's place in the window while content is inserted above it.

const READABLE = ".prose > *, .comment, .discussion-invite";

// Run `change`, which may move the content, then scroll by the distance that it moved the element being read.
export function keepScroll(change) {
  const anchor = scrollY > 0 && anchorElement();
  const topBefore = anchor && anchor.getBoundingClientRect().top;
  change();
  if (anchor && anchor.isConnected) {
    scrollBy({ top: anchor.getBoundingClientRect().top - topBefore, behavior: "instant" });
  }
}

// The target of the URL's fragment if it is in the window, else the first readable element in the window.
function anchorElement() {
  const target = document.querySelector(":target");
  return target && isInWindow(target) ? target : [...document.querySelectorAll(READABLE)].find(isInWindow);
}

function isInWindow(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight && bottom > top;
}
