// Store unsent comments in this browser (localStorage), one for each tab and each article, comment that is
// replied to, or comment that is edited. A draft belongs to the account that typed it (`owner`, a reader's tag;
// "" for a visitor), and knows the `revision` of the comment that it edits. It also holds the URL of its form
// and the article's title, for the list in draft_list.js. Readers have drafts stored already, without owner,
// date and tab: the prefix and the names of the fields must not change.

const PREFIX = "ictiger:draft:";
const ADMIN_PREFIX = "desk-text:"; // articles, stored by js/admin/autosave.js
const SENT_KEY = "ictiger:sent";
const TAB_KEY = "ictiger:tab";
const TAB_OPEN_KEY = "ictiger:tab-open";
const ENDS_OF_SESSIONS = ["/accounts/logout/", "/accounts/me/delete/"];

let tabId = "";

// A tab keeps its id when it is reloaded. A duplicate of a tab begins with a copy of its storage, with the mark
// that the first tab is open: it takes another id.
function claimTab() {
  try {
    const isDuplicate = sessionStorage.getItem(TAB_OPEN_KEY);
    tabId = (!isDuplicate && sessionStorage.getItem(TAB_KEY)) || newTabId();
    sessionStorage.setItem(TAB_KEY, tabId);
    sessionStorage.setItem(TAB_OPEN_KEY, "1");
  } catch (error) {
    console.warn("This tab cannot be told from others.", error);
  }
}

function newTabId() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16)).join("");
}

function releaseTab() {
  try {
    sessionStorage.removeItem(TAB_OPEN_KEY);
  } catch (error) {
    console.warn("This tab cannot be told from others.", error);
  }
}

claimTab();
addEventListener("pagehide", releaseTab);
addEventListener("pageshow", (event) => event.persisted && claimTab());

const formPlace = (form) => `${form.dataset.article}:${form.dataset.of}`;
const placeOf = (draft) => draft.key.slice(PREFIX.length).split("@")[0];

export function draftKey(form) {
  return `${PREFIX}${formPlace(form)}@${tabId}.${form.dataset.owner}`;
}

// Store `text`, or delete the draft if it is blank. Storage may be full or forbidden: then nothing is stored.
export function storeDraft(form, text) {
  try {
    if (text.trim()) {
      const { here, about, owner, revision } = form.dataset;
      const submission = form.elements.submission?.value;
      const draft = { text, here, about, submission, owner, revision, at: Date.now() };
      localStorage.setItem(draftKey(form), JSON.stringify(draft));
    } else {
      localStorage.removeItem(draftKey(form));
    }
  } catch (error) {
    console.warn("This text is not kept in the browser.", error);
  }
}

// Fill the form with its stored draft and the draft's submission id. With the same id the server posts the
// text once, and does not replace another draft stored on the server. A form that the server has just
// returned is newer than the stored draft and stays as it is. So does the form of a comment, unless this tab
// was loaded anew while it was edited: it offers the draft instead.
export function restoreDraft(form) {
  if ("answered" in form.dataset) {
    return;
  }
  const drafts = draftsOf(form.dataset.owner).filter((draft) => placeOf(draft) === formPlace(form));
  const draft = drafts.find(({ key }) => key === draftKey(form)) ?? newest(drafts);
  if (!draft) {
    return;
  }
  const isOwn = draft.key === draftKey(form);
  if (draft.text === form.elements.body.value && form.dataset.revision) {
    deleteDraft(draft.key);
  } else if (form.dataset.revision && !(isOwn && draft.revision === form.dataset.revision)) {
    offerDraft(form, draft);
  } else {
    fillIn(form, draft);
  }
}

const newest = (drafts) => drafts.sort((one, other) => (other.at ?? 0) - (one.at ?? 0))[0];

function fillIn(form, draft) {
  form.elements.body.value = draft.text;
  if (draft.submission && form.elements.submission) {
    form.elements.submission.value = draft.submission;
  }
  if (draft.key !== draftKey(form)) {
    storeDraft(form, draft.text);
    takeOver(draft.key);
  }
}

// "You had typed something else here": nothing is replaced unasked.
function offerDraft(form, draft) {
  const offer = form.querySelector("[data-draft-offer]");
  const date = draft.at && new Date(draft.at).toLocaleString(document.documentElement.lang, OFFER_DATE);
  const sentence = offer.querySelector("[data-sentence]");
  sentence.textContent = date ? offer.dataset.sayDated.replace("{date}", date) : offer.dataset.sayUndated;
  offer.querySelector("[data-changed-since]").hidden = !draft.revision || draft.revision === form.dataset.revision;
  offer.querySelector("[data-text]").textContent = draft.text;
  offer.querySelector("[data-bring-back]").addEventListener("click", () => {
    offer.hidden = true;
    fillIn(form, draft);
    form.elements.body.dispatchEvent(new Event("input", { bubbles: true }));
    form.elements.body.focus();
  });
  offer.querySelector("[data-forget]").addEventListener("click", () => {
    offer.hidden = true;
    deleteDraft(draft.key);
    form.elements.body.focus();
  });
  offer.hidden = false;
}

const OFFER_DATE = { dateStyle: "long", timeStyle: "short" };

// Delete the draft of another tab, which is closed or stores it again (see `keepOwnDraft`).
function takeOver(key) {
  try {
    localStorage.setItem(key, JSON.stringify({ movedTo: tabId }));
    localStorage.removeItem(key);
  } catch (error) {
    console.warn("A text in this browser could not be moved.", error);
  }
}

// Another tab has taken over the draft of a form that is open here: its text is still being typed.
function keepOwnDraft({ key, newValue }) {
  if (!key?.startsWith(PREFIX) || !newValue?.startsWith('{"movedTo"')) {
    return;
  }
  for (const form of document.querySelectorAll(".comment-form")) {
    if (draftKey(form) === key && form.elements.body) {
      storeDraft(form, form.elements.body.value);
    }
  }
}

addEventListener("storage", keepOwnDraft);

// The drafts that the reader with this tag may see: their own, and those typed before a log-in.
export function draftsOf(owner) {
  return storedDrafts().filter((draft) => !draft.owner || draft.owner === owner);
}

function storedDrafts() {
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

// Call when a form is cancelled: what was typed over a comment is given up. A new text is kept.
export function forgetEdit(form) {
  if (form.dataset.of?.startsWith("edit-")) {
    storeDraft(form, "");
  }
}

// Drafts that another account has left here, whose session had run out, wait for their owner.
function deleteDraftsOfReader() {
  const [, tag] = /(?:^|; )reader_tag=(\w+)/.exec(document.cookie) ?? [];
  try {
    Object.keys(localStorage)
      .filter((key) => key.startsWith(ADMIN_PREFIX) || (key.startsWith(PREFIX) && !isOfAnother(key, tag)))
      .forEach(deleteDraft);
  } catch (error) {
    console.warn("Texts in this browser could not be forgotten.", error);
  }
}

function isOfAnother(key, tag) {
  const owner = readDraft(key)?.owner;
  return Boolean(tag && owner && owner !== tag);
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

// Logging out, and deleting the account, deletes the reader's drafts: other people may use the same computer.
document.addEventListener("submit", ({ target }) => {
  const { pathname } = new URL(target.getAttribute("action") || location.href, location.href);
  if (ENDS_OF_SESSIONS.some((end) => pathname.endsWith(end)) && target.method === "post") {
    deleteDraftsOfReader();
  }
});
