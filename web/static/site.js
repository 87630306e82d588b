// Everything works without this file; it makes some things quicker.
"use strict";

// --- suggestions while typing: a combobox by the ARIA pattern ---
for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("ul");
  list.className = "suggestions"; list.id = "suggestions"; list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0] ? input.labels[0].textContent : ""); list.hidden = true;
  input.form.append(list);
  input.setAttribute("role", "combobox"); input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id); input.setAttribute("aria-expanded", "false");
  const address = input.dataset.suggest + (input.dataset.suggest.includes("?") ? "&q=" : "?q=");
  let timer = 0, asked = 0, chosen = -1;
  const close = () => { list.hidden = true; chosen = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const choose = (n) => {
    chosen = n;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === n)));
    if (n >= 0) input.setAttribute("aria-activedescendant", list.children[n].id); else input.removeAttribute("aria-activedescendant");
  };
  const show = (found) => {
    list.replaceChildren(...found.map((one, i) => {
      const item = document.createElement("li"), text = document.createElement("span"), kind = document.createElement("small");
      item.id = "suggestion-" + i; item.setAttribute("role", "option"); item.setAttribute("aria-selected", "false");
      text.textContent = one.text; kind.textContent = one.kind; item.append(text, kind);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); location.href = one.url; });
      item.dataset.url = one.url;
      return item;
    }));
    list.hidden = !found.length; chosen = -1; input.setAttribute("aria-expanded", String(!list.hidden));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const typed = input.value.trim(), turn = ++asked;
    if (typed.length < 2) { close(); return; }
    timer = setTimeout(() => fetch(address + encodeURIComponent(typed))
      .then((answer) => answer.ok ? answer.json() : []).then((found) => { if (turn === asked) show(found); }).catch(close), 150);
  });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "Escape") close();
    else if (list.hidden || !count) return;
    else if (event.key === "ArrowDown") { event.preventDefault(); choose((chosen + 1) % count); }
    else if (event.key === "ArrowUp") { event.preventDefault(); choose((chosen - 1 + count) % count); }
    else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); location.href = list.children[chosen].dataset.url; }
  });
  input.addEventListener("blur", () => setTimeout(close, 100));
}

// --- "/" goes to the search box ---
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(input|textarea|select)$/i.test(event.target.tagName)) return;
  const box = document.getElementById("q");
  if (box) { event.preventDefault(); box.focus(); box.select(); }
});

// --- copy and print buttons ---
for (const button of document.querySelectorAll("[data-copy]")) {
  const from = document.getElementById(button.dataset.copy);
  const done = () => { button.classList.add("on"); if (!button.textContent.endsWith("✓")) button.textContent += " ✓"; };
  const select = () => { if (from.select) from.select(); else getSelection().selectAllChildren(from); };
  button.hidden = false;
  button.addEventListener("click", () => {
    // A catalogue at http:// has no clipboard of its own: what is selected is copied the old way, else stays selected.
    if (navigator.clipboard) navigator.clipboard.writeText(from.value || from.innerText).then(done, select);
    else { select(); if (document.execCommand("copy")) done(); }
  });
}
for (const button of document.querySelectorAll("[data-print]")) { button.hidden = false; button.addEventListener("click", () => print()); }
for (const select of document.querySelectorAll("select[data-submit]")) select.addEventListener("change", () => select.form.submit());

// --- search history: stays in this browser ---
const HISTORY = "searches";
const past = () => { try { return JSON.parse(localStorage.getItem(HISTORY)) || []; } catch { return []; } };
const results = document.querySelector("[data-query]");
if (results && results.dataset.query) {
  const text = results.dataset.query;
  try { localStorage.setItem(HISTORY, JSON.stringify([text, ...past().filter((t) => t !== text)].slice(0, 8))); } catch { /* storage is off */ }
}
const shelf = document.querySelector("[data-history]");
if (shelf && past().length) {
  const place = shelf.querySelector("span"), address = shelf.dataset.history + (shelf.dataset.history.includes("?") ? "&q=" : "?q=");
  for (const text of past()) {
    const link = document.createElement("a");
    link.href = address + encodeURIComponent(text); link.textContent = text; place.append(link, " ");
  }
  shelf.querySelector("button").addEventListener("click", () => { localStorage.removeItem(HISTORY); shelf.hidden = true; });
  shelf.hidden = false;
}

// --- the duplicates' court by keyboard ---
const court = document.querySelector("[data-court]");
if (court) document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(input|textarea|select)$/i.test(event.target.tagName)) return;
  const button = court.querySelector('[data-key="' + CSS.escape(event.code) + '"]');
  if (button) { event.preventDefault(); button.click(); }
});
