// Fetch the personal part of a public page in one request, and only if the browser has the hint cookie.
// Without it the page is complete for an anonymous visitor.

import { keepScroll } from "./keep_scroll.js";
import { cookieValue } from "./reader.js";

// Milliseconds. After it the page stays anonymous, with plain links that work for everybody.
const BAR_TIMEOUT = 8_000;

export async function fillBar(bar) {
  const tag = cookieValue("reader_tag");
  let html = await fetchPersonalPart(bar);
  if (tag && tag !== cookieValue("reader_tag")) {
    html = await fetchPersonalPart(bar); // another reader has logged in, or this one out, in between
  }
  if (html) {
    keepScroll(() => insertFragment(bar, html));
  }
  bar.dataset.loaded = "";
}

// The room that CSS reserves for the personal part (masthead.css, banner.css): early_hint.js has read the
// cookie only once, on page load.
export function updateReservedRoom() {
  const hint = cookieValue("reader");
  if (hint) {
    document.documentElement.dataset.reader = hint;
  } else {
    delete document.documentElement.dataset.reader;
  }
}

// Show the present reader's personal part in place of what was shown.
export function refillBar() {
  delete publicBar.dataset.loaded;
  return fillBar(publicBar);
}

// Show the bar as it is for everybody, and no messages but that of verification_banner.js.
export function emptyBar() {
  const ended = publicBar.querySelector(".banner-text[role=status]:not([data-banner] *)");
  publicBar.replaceChildren(...(ended ? [ended] : []), ...publicContent.cloneNode(true).childNodes);
  for (const messages of document.querySelectorAll("[data-slot=messages]")) {
    messages.replaceChildren();
  }
}

// Fetch the personal part again and fill only the slot `name`.
export async function refillSlot(name) {
  const html = document.documentElement.dataset.reader ? await fetchPersonalPart(publicBar) : "";
  const template = document.createElement("template");
  template.innerHTML = html;
  const content = template.content.querySelector(`[data-slot="${CSS.escape(name)}"]`);
  if (content) {
    slotElement(name)?.replaceWith(content);
  }
}

async function fetchPersonalPart(bar) {
  try {
    const response = await fetch(bar.dataset.src, {
      cache: "no-store",
      credentials: "same-origin",
      signal: AbortSignal.timeout(BAR_TIMEOUT),
    });
    return response.ok && !response.redirected ? await response.text() : "";
  } catch (error) {
    console.warn("The personal part of this page did not come.", error);
    return "";
  }
}

// Elements with data-slot replace the slot of that name; the other elements become the content of the bar.
function insertFragment(bar, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const element of template.content.querySelectorAll("[data-slot]")) {
    const slot = slotElement(element.dataset.slot);
    if (slot) {
      slot.replaceWith(element);
    } else {
      element.remove();
    }
  }
  bar.replaceChildren(template.content);
  document.dispatchEvent(new CustomEvent("ictiger:bar", { detail: { root: bar } }));
}

// If the URL's fragment names a comment, messages are shown in that comment, where the browser scrolls to,
// and not at the top of the page.
function slotElement(name) {
  const comment = name === "messages" && document.querySelector(".comment:target");
  return comment
    ? comment.appendChild(document.createElement("div"))
    : document.querySelector(`[data-slot="${CSS.escape(name)}"]`);
}

export const publicBar = document.querySelector("[data-bar][data-src]");
const publicContent = publicBar?.cloneNode(true);
const hasPersonalPart = publicBar && document.documentElement.dataset.reader;

// Await this before fetching a form. While the browser has no CSRF cookie, two responses at once would each
// set one, and the token of the first form would no longer match.
export const barFilled = hasPersonalPart ? fillBar(publicBar) : Promise.resolve();
