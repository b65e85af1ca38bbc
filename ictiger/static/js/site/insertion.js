// Insert accepted comments into the discussion, and remove or replace removed ones. The focus moves to the
// result, and a status message is announced to screen readers.

export const discussionSection = document.getElementById("discussion");

// The discussion as it is for everybody, before personal content was inserted. Only on stored pages.
let publicDiscussion = null;

export function rememberPublicDiscussion(section) {
  publicDiscussion = section.cloneNode(true);
  publicDiscussion.querySelector("[data-slot=comments-own]")?.replaceChildren();
}

// Take out everything personal, except the open forms for which `keepsForm(form)` is true.
export function restorePublicDiscussion({ keepsForm }) {
  if (!publicDiscussion) {
    return;
  }
  const forms = [...discussionSection.querySelectorAll("form.comment-form")].filter(keepsForm);
  const places = forms.map((form) => [form, form.closest(".comment")?.id]);
  const section = publicDiscussion.cloneNode(true);
  for (const [form, commentId] of places) {
    const place = commentId
      ? (section.querySelector(`#${commentId}`) ?? section.querySelector("[data-slot=comment-form]"))
      : section.querySelector("[data-slot=comment-form]");
    place?.append(commentId ? formPlaceWith(form) : form);
    place?.querySelector(":scope > .discussion-invite")?.setAttribute("hidden", "");
  }
  discussionSection.replaceChildren(...section.childNodes);
}

function formPlaceWith(form) {
  const place = document.createElement("div");
  place.className = "comment-form-place";
  place.append(form);
  return place;
}

export function parseFragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export function insertAccepted(accepted) {
  const comment = accepted.querySelector(".comment");
  const previous = document.getElementById(comment.id);
  if (previous) {
    previous.replaceWith(comment);
  } else {
    insertComment(comment, accepted.dataset.thread);
  }
  comment.classList.add("comment-new");
  updateCount(accepted);
  focusOn(comment);
  announce(accepted.dataset.said);
}

// Append a reply to its thread. A new thread goes to the top, and so does a reply whose thread is on another
// page.
function insertComment(comment, threadId) {
  const item = document.createElement("li");
  item.append(comment);
  const thread = threadId && document.getElementById(`comment-${threadId}`)?.closest(".thread");
  if (thread) {
    childList(thread, ":scope > .replies", "replies").append(item);
  } else {
    item.className = "thread";
    threadList().prepend(item);
  }
}

// The list of threads, made before the page links if the discussion has none yet.
function threadList() {
  const list = discussionSection.querySelector(":scope > .threads");
  if (list) {
    return list;
  }
  const newList = document.createElement("ol");
  newList.className = "threads";
  discussionSection.querySelector(":scope > [data-slot=comments-own]").after(newList);
  return newList;
}

// The list that matches `selector` below `parent`, appended with the class `className` if there is none.
export function childList(parent, selector, className) {
  const list = parent.querySelector(selector);
  if (list) {
    return list;
  }
  const newList = document.createElement("ol");
  newList.className = className;
  parent.append(newList);
  return newList;
}

// Replace a removed comment by its tombstone if the server sends one, else delete it. Focus the tombstone or
// the next comment.
export function applyRemoval(removed) {
  const comment = document.getElementById(`comment-${removed.dataset.removed}`);
  const tombstone = removed.querySelector(".comment");
  updateCount(removed);
  if (tombstone) {
    comment.replaceWith(tombstone);
    focusOn(tombstone);
  } else {
    const neighbour = neighbourOf(comment);
    comment.closest("li").remove();
    focusOn(neighbour);
  }
  announce(removed.dataset.said);
}

function neighbourOf(comment) {
  const comments = [...discussionSection.querySelectorAll("li:not([hidden]) > .comment")];
  const index = comments.indexOf(comment);
  return comments[index + 1] ?? comments[index - 1] ?? document.getElementById("discussion-title");
}

function updateCount(fragment) {
  const count = fragment.querySelector(".discussion-count");
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
  let status = document.getElementById("discussion-said");
  if (!status) {
    status = document.createElement("p");
    status.id = "discussion-said";
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    discussionSection.after(status); // outside the section, whose content is replaced when a page is turned
  }
  status.textContent = message;
}
