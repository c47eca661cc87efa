// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Fetches the parts of the page that changed, when the server says that something did. Without it
// every page works, and shows what was when it was loaded.
"use strict";

const news = document.getElementById("news");
let waiting = false;
let again = false;

async function refresh(part) {
  const answer = await fetch(part.dataset.part, { headers: { Accept: "text/html" } });
  if (!answer.ok) {
    return;
  }
  const fresh = await answer.text();
  if (fresh === part.dataset.shown) {
    return;
  }
  part.dataset.shown = fresh;
  const open = new Set(Array.from(part.querySelectorAll("details[open]"), (each) => each.id));
  const seen = new Set(Array.from(part.querySelectorAll("[data-id]"), (each) => each.dataset.id));
  const focused = part.contains(document.activeElement) ? document.activeElement.closest("[id]") : null;
  const page = new DOMParser().parseFromString(fresh, "text/html");
  part.replaceChildren(...page.body.childNodes);
  for (const each of part.querySelectorAll("details")) {
    each.open = open.has(each.id);
  }
  for (const each of part.querySelectorAll("[data-id]")) {
    each.classList.toggle("new", !seen.has(each.dataset.id));
  }
  if (focused && focused.id !== part.id) {
    const there = document.getElementById(focused.id);
    (there && (there.querySelector("summary") || there))?.focus();
  }
}

async function refreshAll() {
  if (waiting) {
    again = true;
    return;
  }
  waiting = true;
  do {
    again = false;
    await Promise.allSettled(Array.from(document.querySelectorAll("[data-part]"), refresh));
  } while (again);
  waiting = false;
}

function listen() {
  const source = new EventSource(document.body.dataset.live);
  source.onopen = refreshAll;
  source.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.say) {
      news.textContent = told.say;
    }
    refreshAll();
  };
  window.addEventListener("pagehide", () => source.close());
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => form.setAttribute("aria-busy", "true"));
}
if (location.hash) {
  document.querySelector(location.hash)?.focus({ preventScroll: true });
}
listen();
