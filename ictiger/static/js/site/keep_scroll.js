// What is being read stays where it is while something arrives above it: own comments, the notes that move to the margin.

const READABLE = ".prose > *, .comment, .discussion-invite";

// Runs `change`, which may move everything, and scrolls by as much as it moved what the reader is looking at.
export function steady(change) {
  const held = scrollY > 0 && lookedAt();
  const before = held && held.getBoundingClientRect().top;
  change();
  if (held && held.isConnected) {
    scrollBy({ top: held.getBoundingClientRect().top - before, behavior: "instant" });
  }
}

// What the address points to, if it is in sight; otherwise the first thing in the window that has a place of its own.
function lookedAt() {
  const aim = document.querySelector(":target");
  return aim && isInSight(aim) ? aim : [...document.querySelectorAll(READABLE)].find(isInSight);
}

function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight && bottom > top;
}
