// Text that was typed and not sent, kept in this browser for each article and each comment that is answered.

const PREFIX = "ictiger:draft:";
const SENT = "ictiger:sent";

export function draftKey(form) {
  return `${PREFIX}${form.dataset.article}:${form.dataset.of}`;
}

// Storage may be full, or forbidden: then nothing is kept, and nothing breaks.
export function keepDraft(key, text) {
  try {
    if (text.trim()) {
      localStorage.setItem(key, text);
    } else {
      localStorage.removeItem(key);
    }
  } catch (problem) {
    console.warn("This text is not kept in the browser.", problem);
  }
}

export function readDraft(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export function forgetDrafts() {
  try {
    Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .forEach((key) => localStorage.removeItem(key));
  } catch (problem) {
    console.warn("Drafts in this browser could not be forgotten.", problem);
  }
}

// A form page was sent. Whether it was taken shows on the next page: when the form is back, so is its text, and the draft stays.
export function markSent(key) {
  try {
    sessionStorage.setItem(SENT, key);
  } catch (problem) {
    console.warn("The draft of this text stays in the browser.", problem);
  }
}

export function settleSent() {
  try {
    const key = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
    if (key && ![...document.querySelectorAll(".comment-form")].some((form) => draftKey(form) === key)) {
      localStorage.removeItem(key);
    }
  } catch (problem) {
    console.warn("The draft of a sent text stays in the browser.", problem);
  }
}

// Whoever logs out leaves nothing behind for the next one at this computer.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[action$='/accounts/logout/']")) {
    forgetDrafts();
  }
});
