// Text that was typed and not sent, kept in this browser for each article and each comment that is answered or changed, with the way back to
// its form and the article's title, so that it can be found again (js/typed_texts.js).

const PREFIX = "ictiger:draft:";
const SENT = "ictiger:sent";

export function draftKey(form) {
  return `${PREFIX}${form.dataset.article}:${form.dataset.of}`;
}

// Storage may be full, or forbidden: then nothing is kept, and nothing breaks.
export function keepDraft(form, text) {
  try {
    if (text.trim()) {
      const { here, about } = form.dataset;
      const submission = form.elements.submission?.value;
      localStorage.setItem(draftKey(form), JSON.stringify({ text, here, about, submission }));
    } else {
      localStorage.removeItem(draftKey(form));
    }
  } catch (problem) {
    console.warn("This text is not kept in the browser.", problem);
  }
}

// Put back what the reader has typed in this form before and not sent, as the submission that it was: it is posted once, and not in the place
// of another text that waits on the server. What the server has just given back is newer.
export function restoreDraft(form) {
  const draft = "answered" in form.dataset ? undefined : draftsKept().find(({ key }) => key === draftKey(form));
  if (draft) {
    form.elements.body.value = draft.text;
  }
  if (draft?.submission && form.elements.submission) {
    form.elements.submission.value = draft.submission;
  }
}

export function draftsKept() {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map(draftUnder)
      .filter((draft) => draft !== null);
  } catch (problem) {
    console.warn("Texts in this browser could not be read.", problem);
    return [];
  }
}

// Null when it is damaged, which costs no other. It goes when its form keeps a text again, or with all the others.
function draftUnder(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    return typeof draft?.text === "string" ? { ...draft, key } : null;
  } catch (problem) {
    console.warn("A text in this browser could not be read.", problem);
    return null;
  }
}

export function forgetDraft(key) {
  localStorage.removeItem(key);
}

const AT_THE_DESK = "desk-text:"; // js/desk_keep.js keeps articles under it

function forgetTyped() {
  try {
    Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX) || key.startsWith(AT_THE_DESK))
      .forEach(forgetDraft);
  } catch (problem) {
    console.warn("Texts in this browser could not be forgotten.", problem);
  }
}

// A form page was sent. Whether it was taken shows on the page that follows it.
export function markSent(form) {
  try {
    sessionStorage.setItem(SENT, JSON.stringify({ key: draftKey(form), from: [location.href.split("#")[0], form.action] }));
  } catch (problem) {
    console.warn("The draft of this text stays in the browser.", problem);
  }
}

// Forget the draft when this page follows the form itself, or the page of an error from which it was sent again (other ways out of that page
// name no referrer), and the form is not back with the text. What came back to be kept on the server is not in the browser's care any more.
export function settleSent() {
  try {
    const sent = JSON.parse(sessionStorage.getItem(SENT));
    sessionStorage.removeItem(SENT);
    const isBack = (form) => draftKey(form) === sent.key && !form.querySelector("[data-kept]");
    if (sent && sent.from.includes(document.referrer) && ![...document.querySelectorAll(".comment-form")].some(isBack)) {
      forgetDraft(sent.key);
    }
  } catch (problem) {
    console.warn("The draft of a sent text stays in the browser.", problem);
  }
}

// Whoever logs out leaves nothing behind for the next one at this computer.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[action$='/accounts/logout/']")) {
    forgetTyped();
  }
});
