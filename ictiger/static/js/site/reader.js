// Who is logged in now, from the cookies that the server sets for scripts.

// The reader's tag; until the server has sent it the hint cookie. "" for a visitor, with drafts or without.
export function currentReader() {
  const hint = cookieValue("reader");
  return cookieValue("reader_tag") || (hint === "guest" ? "" : hint);
}

export function cookieValue(name) {
  const cookie = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return cookie ? cookie.slice(name.length + 1) : "";
}
