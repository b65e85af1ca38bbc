// What the server has accepted, put where it belongs in the discussion, with the focus on it and a word about it for screen readers.

export const discussionSection = document.getElementById("discussion");

export function fragmentOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export function placeAccepted(accepted) {
  const comment = accepted.querySelector(".comment");
  const before = document.getElementById(comment.id);
  if (before) {
    before.replaceWith(comment);
  } else {
    placeComment(comment, accepted.dataset.thread);
  }
  comment.classList.add("comment-new");
  showCount(accepted);
  focusOn(comment);
  announce(accepted.dataset.said);
}

// A reply goes below its thread; a comment that begins one goes on top. Where the thread is not on this page, it stands on top too.
function placeComment(comment, thread) {
  const item = document.createElement("li");
  item.append(comment);
  const above = thread && document.getElementById(`comment-${thread}`)?.closest(".thread");
  if (above) {
    listIn(above, ":scope > .replies", "replies").append(item);
  } else {
    item.className = "thread";
    firstList().prepend(item);
  }
}

// Above what turns the pages.
function firstList() {
  const list = discussionSection.querySelector(":scope > .threads");
  if (list) {
    return list;
  }
  const made = document.createElement("ol");
  made.className = "threads";
  discussionSection.querySelector(":scope > [data-slot=comments-own]").after(made);
  return made;
}

export function listIn(parent, selector, name) {
  const found = parent.querySelector(selector);
  if (found) {
    return found;
  }
  const list = document.createElement("ol");
  list.className = name;
  parent.append(list);
  return list;
}

// A removed comment leaves what the server says stands in its place, or nothing; the focus goes to that, or to what follows.
export function placeRemoved(removed) {
  const comment = document.getElementById(`comment-${removed.dataset.removed}`);
  const tombstone = removed.querySelector(".comment");
  showCount(removed);
  if (tombstone) {
    comment.replaceWith(tombstone);
    focusOn(tombstone);
  } else {
    const next = nextTo(comment);
    comment.closest("li").remove();
    focusOn(next);
  }
  announce(removed.dataset.said);
}

function nextTo(comment) {
  const others = [...discussionSection.querySelectorAll("li:not([hidden]) > .comment")];
  const at = others.indexOf(comment);
  return others[at + 1] ?? others[at - 1] ?? document.getElementById("discussion-title");
}

function showCount(answer) {
  const count = answer.querySelector(".discussion-count");
  if (count) {
    discussionSection.querySelector(".discussion-header > .discussion-count")?.replaceWith(count);
  }
}

export function focusOn(element) {
  element.closest("details")?.setAttribute("open", "");
  element.tabIndex = -1;
  element.focus();
}

export function announce(message) {
  let place = document.getElementById("discussion-said");
  if (!place) {
    place = document.createElement("p");
    place.id = "discussion-said";
    place.className = "visually-hidden";
    place.setAttribute("role", "status");
    discussionSection.after(place); // outside of what turning a page replaces
  }
  place.textContent = message;
}
