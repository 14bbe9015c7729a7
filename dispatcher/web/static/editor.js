// The preview as you type: a debounced POST of the form; the e-mail goes into a fresh frame with a policy of its own.
const form = document.getElementById("editor");
const text = document.getElementById("text");
const says = document.getElementById("preview-says");
const fields = [...document.querySelectorAll("[data-head]")]; // what is said of a template
const state = () => JSON.stringify([text.value, ...fields.map((one) => (one.type === "checkbox" ? one.checked : one.value))]);
const saved = state();
let leaving = false;
let timer;
let asked = 0;
let frames = 0;

const changed = () => state() !== saved;

function showMail() {
  const place = document.querySelector("[data-mail]");
  if (!place) return;
  // A frame's first load leaves no trace in the history, so each preview gets a new frame.
  const frame = document.createElement("iframe");
  frame.className = "mailframe";
  frame.name = `mail-${++frames}`;
  frame.title = "The e-mail as the debtor sees it";
  frame.setAttribute("sandbox", "");
  frame.tabIndex = 0;
  place.replaceChildren(frame);
  const poster = document.createElement("form");
  poster.method = "post";
  poster.action = `/templates/${encodeURIComponent(form.dataset.name)}/preview/email`;
  poster.target = frame.name;
  poster.hidden = true;
  for (const [name, value] of new FormData(form)) {
    const field = document.createElement("textarea");
    field.name = name;
    field.value = value;
    poster.append(field);
  }
  document.body.append(poster);
  poster.submit();
  poster.remove();
}

async function preview() {
  const number = ++asked;
  const opened = [...document.querySelectorAll("#preview-body details")].map((one) => one.open);
  const answer = await fetch(`/templates/${encodeURIComponent(form.dataset.name)}/preview`, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
  }).catch(() => null);
  if (number !== asked) return;
  if (!answer?.ok) {
    says.textContent = [401, 403].includes(answer?.status) ? "Your session has ended, so the preview rests. Save the draft: your text is kept." : "The preview did not answer.";
    says.className = "note wait";
    return;
  }
  const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (number !== asked || !piece.getElementById("preview-body")) return;
  // While a text cannot be shown, the last one that could stays in sight.
  const shows = piece.querySelector("[data-rendered]");
  if (shows || !document.querySelector("[data-rendered]")) document.getElementById("preview-body").replaceWith(piece.getElementById("preview-body"));
  else document.querySelector("[data-rendered]").classList.add("stale");
  document.getElementById("findings").replaceWith(piece.getElementById("findings"));
  [...document.querySelectorAll("#preview-body details")].forEach((one, place) => (one.open = opened[place] ?? false));
  showMail();
  says.className = "sr";
  const count = document.querySelectorAll(".findings > li").length;
  says.textContent = count ? `Preview updated, ${count} to see to` : "Preview updated, nothing to see to";
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(preview, 350);
}

function insert(what) {
  text.focus();
  const start = text.selectionStart;
  text.setRangeText(what, start, text.selectionEnd, "end");
  // One goes on writing where the words belong: on the empty line inside a condition.
  const inside = what.indexOf("%}\n\n{%");
  if (inside >= 0) text.setSelectionRange(start + inside + 3, start + inside + 3);
  later();
}

function goToLine(number) {
  const start = text.value.split("\n").slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  const end = text.value.indexOf("\n", start);
  text.focus();
  text.setSelectionRange(start, end < 0 ? text.value.length : end);
  text.scrollTop = (text.scrollHeight / text.value.split("\n").length) * Math.max(0, number - 4);
}

function showFor(name) {
  const who = document.getElementById("who");
  if (![...who.options].some((one) => one.value === name)) who.add(new Option(name, name));
  who.value = name;
  preview();
}

document.addEventListener("input", (event) => event.target.form === form && later());
form.addEventListener("submit", () => (leaving = true));
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-insert], button[data-line], button[name=show_for]");
  if (button?.name === "show_for") {
    event.preventDefault();
    showFor(button.value);
  }
  if (button?.dataset.insert && !text.readOnly && !text.hidden) insert(button.dataset.insert);
  if (button?.dataset.line && !text.hidden) goToLine(Number(button.dataset.line));
});
window.addEventListener("beforeunload", (event) => {
  if (changed() && !leaving) event.preventDefault();
});
showMail();
