// "My comments": what was typed in this browser and not sent, each text with the way back to its form.

import { draftsKept, forgetDraft } from "./drafts.js";

const typedTexts = document.querySelector("[data-typed-texts]");

// Null when it is damaged: the text is there to be copied.
function wayBack(draft) {
  try {
    return draft.here ? new URL(draft.here, location.href) : null;
  } catch {
    return null;
  }
}

function showTypedText(draft) {
  const item = typedTexts.querySelector("template").content.firstElementChild.cloneNode(true);
  const way = item.querySelector("[data-go-on]");
  const form = wayBack(draft);
  if (form?.origin === location.origin) {
    way.href = form.href;
  } else {
    way.remove();
  }
  item.querySelector("[data-title]").textContent = draft.about ?? "";
  item.querySelector("[data-text]").textContent = draft.text;
  item.querySelector("[data-discard]").addEventListener("click", () => {
    forgetDraft(draft.key);
    item.remove();
    const isLast = !typedTexts.querySelector("[data-typed-text]");
    typedTexts.hidden = isLast;
    (isLast ? document.querySelector("h1") : typedTexts.querySelector("h2")).focus();
  });
  typedTexts.append(item);
}

if (typedTexts) {
  const drafts = draftsKept();
  drafts.forEach(showTypedText);
  typedTexts.hidden = drafts.length === 0;
}
