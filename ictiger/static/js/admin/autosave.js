// Store the text of an article's form in this browser until the server has saved it, so that an expired
// session, a closed tab or a lost connection loses nothing. Without this script the form works as usual.
// Editors have texts stored already: PREFIX and the names in FIELDS must not change.

const FIELDS = ["title", "summary", "body", "seo_title", "seo_description", "canonical_url"];
const PREFIX = "desk-text:";
const DELAY = 400; // milliseconds without typing before the form is stored

const form = document.getElementById("article_form");
const offer = document.querySelector("[data-kept]");

function formTexts() {
  const names = FIELDS.filter((name) => form.elements[name]);
  return Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
}

function isSame(texts, others) {
  return FIELDS.every((name) => (texts[name] ?? "").trim() === (others[name] ?? "").trim());
}

// Null if nothing is stored under `key`, or something corrupt.
function readTexts(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function storeTexts(key) {
  try {
    localStorage.setItem(key, JSON.stringify(formTexts()));
  } catch {
    // Storage is full or forbidden: the form works without it.
  }
}

// Delete stored texts that the server has saved: those equal to this form as it was loaded. Corrupt ones go
// too.
function deleteSavedTexts(loadedTexts) {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
    const texts = readTexts(key);
    if (texts === null || isSame(texts, loadedTexts)) localStorage.removeItem(key);
  }
}

function restoreTexts(texts) {
  for (const [name, value] of Object.entries(texts)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  offer.hidden = true;
  form.elements.body.focus();
}

function offerToRestore(key, texts) {
  offer.hidden = false;
  offer.querySelector("[data-bring-back]").addEventListener("click", () => restoreTexts(texts));
  offer.querySelector("[data-discard]").addEventListener("click", () => {
    localStorage.removeItem(key);
    offer.hidden = true;
  });
}

function start() {
  const key = PREFIX + location.pathname + location.search;
  // A form with errors shows the submitted text, not the saved one.
  const hasErrors = document.querySelector(".errornote") !== null;
  if (!hasErrors) deleteSavedTexts(formTexts());
  const texts = readTexts(key);
  if (texts !== null && !isSame(texts, formTexts())) offerToRestore(key, texts);
  let timer = 0;
  const storePending = () => {
    clearTimeout(timer);
    if (timer) storeTexts(key);
    timer = 0;
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(storePending, DELAY);
  });
  form.addEventListener("submit", () => storeTexts(key));
  addEventListener("pagehide", storePending);
}

if (form && offer) start();
