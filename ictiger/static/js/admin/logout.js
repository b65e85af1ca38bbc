// Logging out of the admin deletes the texts stored in this browser: other people may use the same computer.

// Comments (js/site/drafts.js) and articles (autosave.js).
const STORED_PREFIXES = ["ictiger:draft:", "desk-text:"];

document.getElementById("logout-form")?.addEventListener("submit", () => {
  try {
    for (const key of Object.keys(localStorage)) {
      if (STORED_PREFIXES.some((prefix) => key.startsWith(prefix))) localStorage.removeItem(key);
    }
  } catch {
    // Storage is forbidden: nothing is stored.
  }
});
