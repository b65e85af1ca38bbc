// A picture that the page shows smaller than it is opens at its own size, to be scrolled in all directions.
// Without this script its link leads to the file.

function openPicture(link) {
  const shown = link.querySelector("img");
  const picture = (shown.closest("picture") ?? shown).cloneNode(true);
  const dialog = document.createElement("dialog");
  dialog.className = "full-size-view";
  dialog.setAttribute("aria-label", shown.alt || link.textContent.trim());

  picture.querySelectorAll("source").forEach((source) => (source.sizes = `${shown.getAttribute("width")}px`));
  const image = picture.querySelector("img") ?? picture;
  image.sizes = `${shown.getAttribute("width")}px`;
  image.loading = "eager";

  const close = document.createElement("button");
  close.type = "button";
  close.className = "full-size-close";
  close.textContent = link.dataset.close;
  close.addEventListener("click", () => dialog.close());

  const box = document.createElement("div");
  box.className = "full-size-box";
  box.tabIndex = 0; // the arrow keys scroll it
  box.append(picture);
  box.addEventListener("click", () => dialog.close());

  dialog.append(close, box);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.querySelectorAll(".prose a.full-size").forEach((link) =>
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // a tab of its own
    event.preventDefault();
    openPicture(link);
  }),
);
