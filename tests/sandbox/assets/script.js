// Live updates of the page, and controls without a reload. Without this script, the page works with links and forms.
"use strict";
const MAX_CALLS = 200;
const get = (id) => document.getElementById(id);
const [calls, offers, settings, filter, live, message] =
  ["call-list", "offer-list", "settings", "filter", "live", "message"].map(get);
document.documentElement.classList.add("scripted");

async function text(url, options) {
  const response = await fetch(url, options);
  const body = await response.text();
  if (!response.ok) throw new Error(body || response.statusText);
  return body;
}

// All HTML comes from the templates of this program, which escape every value.
const nodes = (html) => document.createRange().createContextualFragment(html);

const query = () => new URLSearchParams(new FormData(filter));

function newest() {
  const first = calls.querySelector("details");
  return first ? Number(first.dataset.number) : 0;
}

// Replaces all calls. Those that are open stay open.
function replaceCalls(html) {
  const open = [...calls.querySelectorAll("details[open]")];
  calls.replaceChildren(nodes(html));
  for (const call of open) get(call.id)?.replaceWith(call);
}

function addCalls(html) {
  if (!html.trim()) return;
  calls.querySelector(".empty")?.remove();
  const fresh = nodes(html);
  for (const call of fresh.querySelectorAll("details")) call.classList.add("fresh");
  calls.prepend(fresh);
  for (const old of [...calls.querySelectorAll("details")].slice(MAX_CALLS)) old.remove();
}

// Loads new calls, or all of them. One request runs at a time.
let loading = false;
let wanted = "";
async function loadCalls(what) {
  if (wanted !== "all") wanted = what;
  if (loading) return;
  loading = true;
  try {
    while (wanted) {
      const all = wanted === "all" || newest() === 0;
      wanted = "";
      const parameters = query();
      if (!all) parameters.set("after", newest());
      const html = await text("/page/calls?" + parameters);
      if (all) replaceCalls(html); else addCalls(html);
    }
  } catch { /* The connection is lost. The next event loads again. */ } finally { loading = false; }
}

async function loadOffers() {
  try {
    const [list, state] = await Promise.all([text("/page/offers"), text("/page/settings")]);
    const open = [...offers.querySelectorAll("details[open]")].map((offer) => offer.id);
    offers.replaceChildren(nodes(list));
    for (const id of open) get(id)?.setAttribute("open", "");
    const focused = settings.contains(document.activeElement) && [...settings.querySelectorAll("button")].indexOf(document.activeElement);
    settings.replaceChildren(nodes(state));
    if (typeof focused === "number") settings.querySelectorAll("button")[focused]?.focus();
  } catch { /* As above. */ }
}

// The request and the response of a call are loaded when it is opened.
calls.addEventListener("toggle", async (event) => {
  const call = event.target;
  if (!call.open || call.dataset.loaded) return;
  call.dataset.loaded = "true";
  try {
    const html = await text(`/page/calls/${call.dataset.number}?fragment=1`);
    call.querySelector(".body").replaceChildren(nodes(html));
  } catch { delete call.dataset.loaded; }
}, true);

document.addEventListener("click", async (event) => {
  if (!event.target.matches("button.copy")) return;
  const command = event.target.closest(".body").querySelector(".curl").textContent;
  try {
    await navigator.clipboard.writeText(command);
    event.target.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(event.target.closest(".body").querySelector(".curl"));
    event.target.textContent = "Selected";
  }
});

let typing;
filter.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => loadCalls("all"), 150);
});
filter.addEventListener("submit", (event) => { event.preventDefault(); loadCalls("all"); });

function show(textContent, failed) {
  message.textContent = textContent;
  message.classList.toggle("failed", failed);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const action = form.getAttribute("action");
  const body = form.id === "seed" ? form.elements.state.files[0] : new URLSearchParams(new FormData(form));
  try {
    show(await text(action, { method: "POST", body, headers: { accept: "text/plain" } }), false);
  } catch (error) { show(error.message, true); }
});

let shown;
const events = new EventSource("/page/events");
events.addEventListener("open", () => { live.className = "live on"; live.textContent = "Live"; });
events.addEventListener("error", () => { live.className = "live off"; live.textContent = "Not connected"; });
events.addEventListener("message", (event) => {
  const version = JSON.parse(event.data);
  // Another reset, or another sandbox at this address.
  const restarted = shown && (version.calls < shown.calls || version.resets !== shown.resets);
  shown = version;
  loadCalls(restarted ? "all" : "new");
  loadOffers();
});
