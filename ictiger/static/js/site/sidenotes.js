// Footnotes beside the line that refers to them, where the margin has room. Each note stays at the end of the text as well; CSS shows one of the two.

import { steady } from "./keep_scroll.js";

const MARGIN = matchMedia("(width >= 75rem)"); // as in article.css

function sidenote(note, number) {
  const aside = document.createElement("small");
  aside.className = "sidenote";
  aside.id = note.id.replace("fn:", "side-");
  const label = document.createElement("span");
  label.className = "sidenote-number";
  label.textContent = number;
  aside.append(label);
  for (const paragraph of note.querySelectorAll("p")) {
    const copy = paragraph.cloneNode(true);
    copy.querySelectorAll(".footnote-backref").forEach((link) => link.remove());
    copy.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
    aside.append(" ", ...copy.childNodes);
  }
  return aside;
}

function putInMargin(reference) {
  const note = document.getElementById(decodeURIComponent(reference.hash.slice(1)));
  // In a table, a quote or a list there is no margin to stand in, and a note that is referred to twice stands there once.
  if (!note || note.dataset.place || reference.closest("table, blockquote, li")) {
    return;
  }
  const aside = sidenote(note, reference.textContent);
  reference.parentElement.after(aside);
  note.value = Number.parseInt(reference.textContent, 10); // keeps its number when its neighbours are hidden
  note.dataset.place = "margin";
  const adapt = () => {
    reference.setAttribute("href", `#${MARGIN.matches ? aside.id : note.id}`);
  };
  MARGIN.addEventListener("change", adapt);
  adapt();
}

function putAllInMargin() {
  steady(() => document.querySelectorAll(".article-text a.footnote-ref").forEach(putInMargin));
}

// Where the address names a place below, the browser goes there first: what it then holds in sight does not move when the text gets shorter.
if (location.hash && document.readyState !== "complete") {
  addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(putAllInMargin)));
} else {
  putAllInMargin();
}
