// Store unsent comments in this browser (localStorage), one for each article and for each comment that is
// replied to or edited. A draft also holds the URL of its form and the article's title, for the list in
// draft_list.js. Readers have drafts stored already: the keys and the names of the fields must not change.

const PREFIX = "ictiger:draft:";
const ADMIN_PREFIX = "desk-text:"; // articles, stored by js/admin/autosave.js
const SENT_KEY = "ictiger:sent";

export function draftKey(form) {
  return `${PREFIX}${form.dataset.article}:${form.dataset.of}`;
}

// Store `text`, or delete the draft if it is blank. Storage may be full or forbidden: then nothing is stored.
export function storeDraft(form, text) {
  try {
    if (text.trim()) {
      const { here, about } = form.dataset;
      const submission = form.elements.submission?.value;
      localStorage.setItem(draftKey(form), JSON.stringify({ text, here, about, submission }));
    } else {
      localStorage.removeItem(draftKey(form));
    }
  } catch (error) {
    console.warn("This text is not kept in the browser.", error);
  }
}

// Fill the form with its stored draft and the draft's submission id. With the same id the server posts the
// text once, and does not replace another draft stored on the server. A form that the server has just
// returned is newer than the stored draft and stays as it is.
export function restoreDraft(form) {
  if ("answered" in form.dataset) {
    return;
  }
  const draft = storedDrafts().find(({ key }) => key === draftKey(form));
  if (draft) {
    form.elements.body.value = draft.text;
  }
  if (draft?.submission && form.elements.submission) {
    form.elements.submission.value = draft.submission;
  }
}

export function storedDrafts() {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map(readDraft)
      .filter((draft) => draft !== null);
  } catch (error) {
    console.warn("Texts in this browser could not be read.", error);
    return [];
  }
}

// Null if the draft is corrupt; the others are not affected. Storing a new draft of the same form, or logging
// out, removes it.
function readDraft(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    return typeof draft?.text === "string" ? { ...draft, key } : null;
  } catch (error) {
    console.warn("A text in this browser could not be read.", error);
    return null;
  }
}

export function deleteDraft(key) {
  localStorage.removeItem(key);
}

function deleteAllDrafts() {
  try {
    Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX) || key.startsWith(ADMIN_PREFIX))
      .forEach(deleteDraft);
  } catch (error) {
    console.warn("Texts in this browser could not be forgotten.", error);
  }
}

// Call when a form that is a page of its own is submitted. The page after it decides whether the text was
// accepted.
export function markSent(form) {
  try {
    const referrers = [location.href.split("#")[0], form.action];
    sessionStorage.setItem(SENT_KEY, JSON.stringify({ key: draftKey(form), from: referrers }));
  } catch (error) {
    console.warn("The draft of this text stays in the browser.", error);
  }
}

// Delete the draft of the form that was submitted last if this page follows it and does not show the form
// again with the text. The page before may also be an error page from which the form was sent again; other
// links on an error page send no referrer. A form that is shown again because the server has stored its text
// needs no draft in the browser.
export function deleteSentDraft() {
  try {
    const sent = JSON.parse(sessionStorage.getItem(SENT_KEY));
    sessionStorage.removeItem(SENT_KEY);
    const isShownAgain = (form) => draftKey(form) === sent.key && !form.querySelector("[data-kept]");
    const forms = [...document.querySelectorAll(".comment-form")];
    if (sent && sent.from.includes(document.referrer) && !forms.some(isShownAgain)) {
      deleteDraft(sent.key);
    }
  } catch (error) {
    console.warn("The draft of a sent text stays in the browser.", error);
  }
}

// Logging out deletes all drafts: other people may use the same computer.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[action$='/accounts/logout/']")) {
    deleteAllDrafts();
  }
});
