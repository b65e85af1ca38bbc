// The personal part of a public page: one fetch, and only for a browser that carries the hint cookie. Without it the page is complete.

import { steady } from "./keep_scroll.js";

const PATIENCE_FOR_BAR = 8_000; // milliseconds; then the page stays as a stranger has it, with plain links that work for everybody

export async function fillBar(bar) {
  const html = await personalPart(bar);
  if (html) {
    steady(() => placeFragment(bar, html));
  }
  bar.dataset.loaded = "";
}

// Fetch it again for one place alone: the rest of the page stays as it is.
export async function refillSlot(name) {
  const html = isExpected ? await personalPart(publicBar) : "";
  const template = document.createElement("template");
  template.innerHTML = html;
  const filled = template.content.querySelector(`[data-slot="${CSS.escape(name)}"]`);
  if (filled) {
    placeOf(name)?.replaceWith(filled);
  }
}

async function personalPart(bar) {
  try {
    const patience = AbortSignal.timeout(PATIENCE_FOR_BAR);
    const answer = await fetch(bar.dataset.src, { cache: "no-store", credentials: "same-origin", signal: patience });
    return answer.ok && !answer.redirected ? await answer.text() : "";
  } catch (problem) {
    console.warn("The personal part of this page did not come.", problem);
    return "";
  }
}

// Elements with data-slot go to the place of that name; everything else is the bar.
function placeFragment(bar, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const element of template.content.querySelectorAll("[data-slot]")) {
    const place = placeOf(element.dataset.slot);
    if (place) {
      place.replaceWith(element);
    } else {
      element.remove();
    }
  }
  bar.replaceChildren(template.content);
  document.dispatchEvent(new CustomEvent("ictiger:bar", { detail: { root: bar } }));
}

// What became of something done to a comment is said at that comment, where the reader is taken, and not above the whole article.
function placeOf(slot) {
  const aim = slot === "messages" && document.querySelector(".comment:target");
  return aim ? aim.appendChild(document.createElement("div")) : document.querySelector(`[data-slot="${CSS.escape(slot)}"]`);
}

const publicBar = document.querySelector("[data-bar][data-src]");
const isExpected = publicBar && document.documentElement.dataset.reader;

// Whoever fetches a form waits for this: without a token cookie yet, two answers at once would each bring one, and the last would win.
export const barFilled = isExpected ? fillBar(publicBar) : Promise.resolve();
