// Keep what is personal on a page in step with who is logged in. Browsers show a page again as it was left
// (back/forward cache, other tabs), and its reader may have logged out meanwhile, or be another one.
//
// A stored page gets back its public parts at once, and then the personal part of the present reader. A page
// that the server made for one reader is loaded again.

import { cookieValue, currentReader } from "./reader.js";
import { barFilled, emptyBar, publicBar, refillBar, updateReservedRoom } from "./personal_bar.js";
import { restorePublicDiscussion } from "./insertion.js";
import { keepScroll } from "./keep_scroll.js";
import { endBanner } from "./verification_banner.js";

const COOKIE_DELAY = 300; // milliseconds

let shownReader = currentReader();
let isFilled = false;
let isFromHistory = false; // the page was left, and is shown again by Back or Forward

// Call after a response that may have ended the session or changed the reader.
export async function bringInStep() {
  const reader = currentReader();
  if (!isFilled || reader === shownReader) {
    return;
  }
  shownReader = reader;
  if (!publicBar) {
    loadAgain();
    return;
  }
  if (!reader) {
    endBanner();
  }
  updateReservedRoom();
  keepScroll(() => {
    emptyBar();
    restorePublicDiscussion({ keepsForm: (form) => !isFromHistory || isFormOf(form, reader) });
  });
  if (cookieValue("reader")) {
    await refillBar();
    shownReader = currentReader();
  }
}

// A form from history with a text of somebody else is taken out: its draft waits for its owner. In another
// tab it stays, and the server asks under which name it is to be posted.
const isFormOf = (form, reader) => !form.dataset.owner || form.dataset.owner === reader;

function loadAgain() {
  if (isFromHistory) {
    document.body.hidden = true;
  } else if (hasTypedText()) {
    return;
  }
  location.replace(location.href.split("#")[0]);
}

function hasTypedText() {
  const fields = document.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox], [type=radio])");
  const holdsText = (field) => field.matches("textarea") && field.value.trim() !== ""; // also a returned text
  return [...fields].some((field) => field.value !== field.defaultValue || holdsText(field));
}

// The cookies do not tell that the server has ended the session: a page from history asks once.
async function returnFromHistory() {
  await bringInStep();
  if (publicBar && shownReader) {
    await fetch(publicBar.dataset.src, { cache: "no-store", credentials: "same-origin" }).catch(() => null);
    await bringInStep();
  }
  isFromHistory = false;
}

barFilled.then(() => {
  shownReader = currentReader();
  isFilled = true;
});
addEventListener("pagehide", () => {
  isFromHistory = true; // here, since a page that is shown again becomes visible before `pageshow`
});
addEventListener("pageshow", (event) => event.persisted && returnFromHistory());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    bringInStep();
  }
});
if (publicBar) {
  // After a moment: the script that sent the request deals with its response first.
  window.cookieStore?.addEventListener("change", () => setTimeout(bringInStep, COOKIE_DELAY));
}
