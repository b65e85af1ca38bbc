// Whoever logs out at the desk leaves nothing typed behind for the next one at this computer: neither comments (js/drafts.js) nor articles
// (js/desk_keep.js).

const KEPT_HERE = ["ictiger:draft:", "desk-text:"];

document.getElementById("logout-form")?.addEventListener("submit", () => {
  try {
    for (const key of Object.keys(localStorage)) {
      if (KEPT_HERE.some((prefix) => key.startsWith(prefix))) localStorage.removeItem(key);
    }
  } catch {
    // The browser keeps nothing, so there is nothing to forget.
  }
});
