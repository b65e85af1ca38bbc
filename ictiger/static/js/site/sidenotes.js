// Copy footnotes into the margin beside their references, where the margin is wide enough.
// Each note also stays at the end of the text; CSS shows one of the two.

import { keepScroll } from "./keep_scroll.js";

const MARGIN = matchMedia("(width >= 75rem)"); // as in article.css

function makeSidenote(note, number) {
  const sidenote = document.createElement("small");
  sidenote.className = "sidenote";
  sidenote.id = note.id.replace("fn:", "side-");
  const label = document.createElement("span");
  label.className = "sidenote-number";
  label.textContent = number;
  sidenote.append(label);
  for (const paragraph of note.querySelectorAll("p")) {
    const copy = paragraph.cloneNode(true);
    copy.querySelectorAll(".footnote-backref").forEach((link) => link.remove());
    copy.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
    sidenote.append(" ", ...copy.childNodes);
  }
  return sidenote;
}

function addSidenote(reference) {
  const note = document.getElementById(decodeURIComponent(reference.hash.slice(1)));
  // Tables, quotes and lists have no margin. A note that is referred to twice is copied once.
  if (!note || note.dataset.place || reference.closest("table, blockquote, li")) {
    return;
  }
  const sidenote = makeSidenote(note, reference.textContent);
  reference.parentElement.after(sidenote);
  note.value = Number.parseInt(reference.textContent, 10); // keeps its number when notes before it are hidden
  note.dataset.place = "margin";
  const updateLink = () => {
    reference.setAttribute("href", `#${MARGIN.matches ? sidenote.id : note.id}`);
  };
  MARGIN.addEventListener("change", updateLink);
  updateLink();
}

function addSidenotes() {
  keepScroll(() => document.querySelectorAll(".article-text a.footnote-ref").forEach(addSidenote));
}

// A URL with a fragment: let the browser scroll there first. Hiding the notes makes the text shorter, and
// from then on the browser's scroll anchoring keeps the target in place.
if (location.hash && document.readyState !== "complete") {
  addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(addSidenotes)));
} else {
  addSidenotes();
}
