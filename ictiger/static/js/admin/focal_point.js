// A click on the picture sets the fields that hold its focal point, and a mark shows where it is.

const preview = document.querySelector("[data-focus-preview]");
const across = document.querySelector("input[name=focus_x]");
const down = document.querySelector("input[name=focus_y]");

if (preview && across && down) {
  const picture = preview.querySelector("img");
  const mark = preview.appendChild(document.createElement("span"));
  mark.className = "focus-mark";
  mark.setAttribute("aria-hidden", "true");

  const place = () => {
    mark.style.left = `${across.value}%`;
    mark.style.top = `${down.value}%`;
  };

  const percent = (distance, length) => Math.round(Math.min(100, Math.max(0, (100 * distance) / length)));

  picture.addEventListener("click", (event) => {
    across.value = percent(event.offsetX, picture.clientWidth);
    down.value = percent(event.offsetY, picture.clientHeight);
    place();
  });
  [across, down].forEach((field) => field.addEventListener("input", place));
  preview.classList.add("is-active");
  place();
}
