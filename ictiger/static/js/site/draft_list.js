// "My comments": list the drafts stored in this browser, each with a link to its form.

import { deleteDraft, draftsOf } from "./drafts.js";

const draftSection = document.querySelector("[data-typed-texts]");

// Null if the stored URL is missing or invalid. The text is shown all the same, so that it can be copied.
function formUrl(draft) {
  try {
    return draft.here ? new URL(draft.here, location.href) : null;
  } catch {
    return null;
  }
}

function showDraft(draft) {
  const item = draftSection.querySelector("template").content.firstElementChild.cloneNode(true);
  const link = item.querySelector("[data-go-on]");
  const url = formUrl(draft);
  if (url?.origin === location.origin) {
    link.href = url.href;
  } else {
    link.remove();
  }
  item.querySelector("[data-title]").textContent = draft.about ?? "";
  item.querySelector("[data-text]").textContent = draft.text;
  item.querySelector("[data-discard]").addEventListener("click", () => {
    deleteDraft(draft.key);
    item.remove();
    const isEmpty = !draftSection.querySelector("[data-typed-text]");
    draftSection.hidden = isEmpty;
    (isEmpty ? document.querySelector("h1") : draftSection.querySelector("h2")).focus();
  });
  draftSection.append(item);
}

if (draftSection) {
  const drafts = draftsOf(draftSection.dataset.owner);
  drafts.forEach(showDraft);
  draftSection.hidden = drafts.length === 0;
}
