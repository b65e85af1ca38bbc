// Keeps what is being typed into an article in this browser, until the desk has it: an expired session, a closed tab or a dropped line loses
// nothing. Without this script the form works as it always did.

const FIELDS = ["title", "summary", "body", "seo_title", "seo_description", "canonical_url"];
const PREFIX = "desk-text:";

const form = document.getElementById("article_form");
const offer = document.querySelector("[data-kept]");

function texts() {
  return Object.fromEntries(FIELDS.filter((name) => form.elements[name]).map((name) => [name, form.elements[name].value]));
}

function same(one, other) {
  return FIELDS.every((name) => (one[name] ?? "").trim() === (other[name] ?? "").trim());
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function keep(key) {
  try {
    localStorage.setItem(key, JSON.stringify(texts()));
  } catch {
    // The browser keeps nothing, or no more: the form works all the same.
  }
}

/** Forget kept texts that the desk has by now: those that say what this form, as it was loaded, says. */
function forgetWhatArrived(loaded) {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
    const kept = read(key);
    if (kept === null || same(kept, loaded)) localStorage.removeItem(key);
  }
}

function bringBack(kept) {
  for (const [name, value] of Object.entries(kept)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  offer.hidden = true;
  form.elements.body.focus();
}

function start() {
  const key = PREFIX + location.pathname + location.search;
  const refused = document.querySelector(".errornote") !== null; // then the form holds what was typed, not what is saved
  if (!refused) forgetWhatArrived(texts());
  const kept = read(key);
  if (kept !== null && !same(kept, texts())) {
    offer.hidden = false;
    offer.querySelector("[data-bring-back]").addEventListener("click", () => bringBack(kept));
    offer.querySelector("[data-discard]").addEventListener("click", () => {
      localStorage.removeItem(key);
      offer.hidden = true;
    });
  }
  let waiting = 0;
  const keepNow = () => {
    clearTimeout(waiting);
    if (waiting) keep(key);
    waiting = 0;
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keepNow, 400);
  });
  form.addEventListener("submit", () => keep(key));
  addEventListener("pagehide", keepNow);
}

if (form && offer) start();
