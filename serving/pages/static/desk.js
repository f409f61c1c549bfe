"use strict";
// The review desk: one key decides and advances. What is decided goes to a queue in this browser first, so that a
// broken line, a reload or a log-out loses nothing; each verdict has an id of its own, so that nothing counts twice.
// Only ids, amounts and reasons are kept here, never names or texts.

const $ = (id) => document.getElementById(id);
const token = document.querySelector('meta[name="csrf"]').content;
const who = document.querySelector('meta[name="who"]').content;
const OUTBOX = `tieout.outbox.${who}`;
const PREFETCH = 10;
const REASONS = {
  none: ["unknown payer", "not our customer", "item is missing", "several possible", "other"],
  dismiss: ["bank fee", "own transfer", "salary or tax", "other income", "other"],
  escalate: ["needs the customer's word", "amount too large for me", "looks like fraud", "other"],
  write_off: ["bank_fee", "rounding", "other"],
};
const KEYS = [
  ["A", "accept the proposal"], ["1–9", "take another candidate"], ["X", "none of these, with a reason"],
  ["S", "split over several items"], ["W", "write off what is short, with a reason"], ["O", "put on the customer's account"],
  ["D", "dismiss: no customer's money"], ["L", "later"], ["H", "hold for some days"], ["E", "escalate"],
  ["U", "undo my last decision"], ["J K", "next, previous"], ["/", "find an item"], ["?", "these keys"],
];

let cards = [];          // cards at hand, the current one first
let claimed = [];        // ids leased to us whose cards are not here yet
let past = [];           // verdicts given in this session, newest last
let shownAt = 0;
let busy = false;
let done = 0;
const later = new Set(); // put aside in this session

// ------------------------------------------------------------------ talking to the server

async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": token },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(said.detail || said.title || "no answer"), { status: answer.status, code: said.code });
  return said;
}

const outbox = {
  read() { try { return JSON.parse(localStorage.getItem(OUTBOX) || "[]"); } catch { return []; } },
  write(list) { localStorage.setItem(OUTBOX, JSON.stringify(list)); showSaving(); },
  add(one) { this.write([...this.read(), one]); },
  drop(id) { this.write(this.read().filter((one) => one.id !== id)); },
};

let sending = false;
let pause = 500;
async function send() {
  if (sending) return;
  sending = true;
  try {
    for (let list = outbox.read(); list.length; list = outbox.read()) {
      const one = list[0];
      const path = one.undo ? `/review/api/verdicts/${one.undo}/undo` : `/review/api/cases/${one.case}/verdict`;
      try {
        const said = await ask(path, one.body);
        outbox.drop(one.id);
        pause = 500;
        banner("");
        if (said.state === "approval") toast("Kept: another person must agree");
        if (one.undo) { past = past.filter((id) => id !== one.undo); claimMore(); }
      } catch (error) {
        if (error.status === 401) { banner("You are logged out. Your decisions are kept; log in in another tab."); throw error; }
        if (!error.status || error.status >= 500 || error.status === 429) throw error;
        outbox.drop(one.id);   // refused for good: say so, never silently
        past = past.filter((id) => id !== one.id);
        banner(`Not carried out: ${error.message}`);
      }
    }
  } catch {
    setTimeout(send, pause);
    pause = Math.min(pause * 2, 15000);
  } finally { sending = false; }
}

function showSaving() {
  const waiting = outbox.read().length;
  $("saving").textContent = waiting ? `saving ${waiting}` : "";
}

const pending = () => new Set(outbox.read().map((one) => one.case));

// another order or reason begins another round; what was asked for in the one before is not shown any more
let round = 0, releasing = Promise.resolve();

async function claimMore() {
  if (busy || claimed.length + cards.length >= PREFETCH) return;
  busy = true;
  await releasing;
  const mine = round;
  try {
    const skip = [...new Set([...claimed, ...cards.map((one) => one.case.id), ...pending(), ...later])].slice(-400);
    const said = await ask("/review/api/claim", {
      order: $("order").value, reason: $("reason").value || null, count: PREFETCH - claimed.length - cards.length, skip,
    });
    if (mine !== round) {
      await ask("/review/api/release", { cases: said.cases }).catch(() => {});
      return;
    }
    claimed.push(...said.cases.filter((id) => !skip.includes(id)));
    $("counter").textContent = `${said.waiting.toLocaleString("en")} waiting · ${done} decided`;
    if (!claimed.length && !cards.length) empty();
  } catch (error) {
    if (error.status === 401) banner("You are logged out. Your decisions are kept; log in in another tab.");
    setTimeout(claimMore, 3000);
  } finally {
    busy = false;
    if (mine !== round) claimMore();
  }
  fill();
}

let filling = false;
async function fill() {
  if (filling) return;
  filling = true;
  try {
    while (claimed.length) {
      const id = claimed[0], mine = round;
      try {
        const card = await ask(`/review/api/cards/${encodeURIComponent(id)}`);
        if (mine !== round) continue;
        cards.push(card);
        claimed.shift();
        if (cards.length === 1) show();
      } catch (error) {
        if (mine !== round) continue;
        if (error.status && error.status < 500 && error.status !== 401) { claimed.shift(); continue; }
        await new Promise((wake) => setTimeout(wake, 2000));
      }
    }
  } finally { filling = false; }
}

// ------------------------------------------------------------------ drawing: text only, never markup

function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

function marked(text, marks) {
  const out = document.createDocumentFragment();
  let at = 0;
  for (const one of marks || []) {
    if (one.start < at) continue;
    out.append(text.slice(at, one.start));
    const words = one.kind === "same" ? "agrees" : "nearly agrees";
    out.append(make("mark", { class: one.kind, title: words }, text.slice(one.start, one.end)));
    at = one.end;
  }
  out.append(text.slice(at));
  return out;
}

const pairs = (rows) => make("dl", {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) =>
  [make("dt", {}, name), make("dd", {}, value)]));
const key = (letter, word, act, strong) => make("button", { type: "button", class: strong ? "strong" : "", onclick: act },
  make("kbd", { "aria-hidden": "true" }, letter), word);

function empty() {
  $("desk").replaceChildren(make("div", { class: "panel empty" }, "Nothing waits here."));
}

function show() {
  const card = cards[0];
  if (!card) { if (!claimed.length) empty(); return; }
  shownAt = performance.now();
  $("desk").replaceChildren(paymentPanel(card), proposalPanel(card));
}

function paymentPanel(card) {
  const p = card.payment;
  return make("section", { class: "panel", "aria-label": "Payment" },
    make("h2", {}, `Payment ${p.payment_id}`),
    make("div", { class: "amount" }, p.unapplied, " ", make("small", {}, p.currency)),
    pairs([
      ["Payer", p.payer_name && marked(p.payer_name, p.name_marks)], ["Account", p.payer_account],
      ["Booked", p.booking_date], ["Value date", p.value_date !== p.booking_date && p.value_date],
      ["Reference", p.structured_reference], ["End to end", p.end_to_end_id], ["Source", p.source], ["On hold", p.hold],
      ["Waits", `${card.case.age_hours} h, ${card.case.reason}${card.case.due_at ? `, due ${card.case.due_at.slice(0, 10)}` : ""}`],
    ]),
    p.remittance ? make("div", { class: "text", tabindex: "0", "aria-label": "Remittance text" }, marked(p.remittance, p.text_marks)) : null,
    ...p.notes.map((one) => make("p", { class: "note" }, `⚠ ${one}`)),
    card.history.length ? make("h2", { class: "gap" }, "Paid before") : null,
    card.history.length ? make("table", {}, make("tbody", {}, ...card.history.map((one) => make("tr", {},
      make("td", { class: "day" }, one.booking_date), make("td", { class: "num" }, `${one.amount} ${one.currency}`), make("td", {}, one.remittance || ""))))) : null);
}

function proposalPanel(card) {
  const proposal = card.proposal;
  const panel = make("section", { class: "panel", "aria-label": "Proposal" });
  if (card.first) {
    panel.append(make("h2", {}, "Needs a second person"),
      make("p", {}, `${card.first.said_by} said “${card.first.said}”${card.first.reason ? `: ${card.first.reason}` : ""}.`));
  }
  if (proposal) {
    panel.append(make("h2", {}, proposal.lines.length ? "Proposal" : "No item is proposed"),
      make("div", { class: "sure" }, make("b", {}, `${(proposal.confidence * 100).toFixed(1)} %`),
        make("meter", { min: 0, max: 1, low: 0.5, high: 0.95, optimum: 1, value: proposal.confidence, "aria-label": "Confidence" })),
      proposal.lines.length ? lineTable(proposal.lines) : "",
      proposal.left ? make("p", { class: "left" }, `${proposal.left} ${card.payment.currency} stays unapplied.`) : "",
      make("ul", { class: "why" }, ...proposal.for.map((one) => make("li", {}, one)),
        ...proposal.against.map((one) => make("li", { class: "against" }, one))));
  } else panel.append(make("h2", {}, card.case.source === "audit" ? "What does this payment pay?" : "No proposal"));
  const may = proposal && proposal.lines.length;
  panel.append(make("div", { class: "actions" },
    card.first ? key("A", "agree", () => act("agree"), true) : may ? key("A", "accept", () => act("accept"), true) : null,
    card.first ? key("X", "disagree", () => act("disagree")) : key("X", "none of these", () => choose("none")),
    key("S", "split", split), may ? key("W", "write off rest", writeOff) : null, key("O", "on account", onAccount),
    key("D", "dismiss", () => choose("dismiss")), key("L", "later", () => act("later")), key("H", "hold", hold),
    key("E", "escalate", () => choose("escalate")), key("U", "undo", undo), key("/", "find", find)));
  panel.append(make("div", { class: "candidates" }, ...card.candidates.map((one, index) =>
    make("button", { type: "button", class: "candidate", onclick: () => other(index) },
      make("kbd", {}, String(index + 1)),
      make("span", {}, marked(one.number, one.number_marks), " · ", marked(one.customer_name, one.name_marks),
        make("small", {}, [`due ${one.due_date || "?"}`, one.why_not].filter(Boolean).join(" · "))),
      make("span", { class: "num" }, `${one.open} ${one.currency}`)))));
  return panel;
}

function lineTable(lines) {
  return make("table", {}, make("thead", {}, make("tr", {}, ...["Item", "Customer", "Due"].map((one) => make("th", { scope: "col" }, one)),
    make("th", { class: "num", scope: "col" }, "Open"), make("th", { class: "num", scope: "col" }, "Apply"))),
  make("tbody", {}, ...lines.map((one) => make("tr", {},
    make("td", {}, marked(one.number, one.number_marks)), make("td", {}, marked(one.customer_name, one.name_marks)),
    make("td", { class: "day" }, one.due_date || ""), make("td", { class: "num" }, `${one.open} ${one.currency}`),
    make("td", { class: "num" }, one.apply, one.write_off ? make("small", {}, ` + ${one.write_off} ${one.write_off_reason}`) : "")))));
}

// ------------------------------------------------------------------ deciding

function act(said, more = {}) {
  const card = cards[0];
  if (!card) return;
  const id = crypto.randomUUID();
  outbox.add({
    id, case: card.case.id,
    body: { id, version: card.case.version, said, took_ms: Math.round(performance.now() - shownAt), ...more },
  });
  if (said === "later") later.add(card.case.id);
  else past.push(id);
  past = past.slice(-50);
  done += said === "later" ? 0 : 1;
  cards.shift();
  show();
  toast(said.replace("_", " "));
  send();
  claimMore();
}

function other(index) {
  const one = cards[0] && cards[0].candidates[index];
  if (!one) return;
  if (!one.apply) { split(one); return; }
  act("other", { lines: [{ invoice_id: one.invoice_id, apply: one.apply }] });
}

function undo() {
  const id = past[past.length - 1];
  if (!id) { toast("Nothing to undo"); return; }
  const unsent = outbox.read().find((one) => one.id === id);
  if (unsent && !sending) { outbox.drop(id); past.pop(); toast("undone"); return; }
  const mine = crypto.randomUUID();
  outbox.add({ id: mine, undo: id, case: null, body: { id: mine } });
  past.pop();
  toast("undo");
  send();
}

function choose(said) {
  if (!cards[0]) return;
  const list = REASONS[said];
  openDialog(`Why ${said === "none" ? "none of these" : said}?`, make("div", {}, ...list.map((one, index) =>
    make("div", { class: "row" }, key(String(index + 1), one, () => { closeDialog(); act(said, { reason: one }); })))),
  (event) => { const one = list[Number(event.key) - 1]; if (one) { closeDialog(); act(said, { reason: one }); return true; } return false; });
}

function hold() {
  if (!cards[0]) return;
  const days = [1, 3, 7, 14, 30];
  const until = (count) => new Date(Date.now() + count * 86400000).toISOString();
  openDialog("Hold for how long?", make("div", {}, ...days.map((one, index) => make("div", { class: "row" },
    key(String(index + 1), `${one} day${one > 1 ? "s" : ""}`, () => { closeDialog(); act("hold", { until: until(one) }); })))),
  (event) => { const one = days[Number(event.key) - 1]; if (one) { closeDialog(); act("hold", { until: until(one) }); return true; } return false; });
}

function writeOff() {
  const card = cards[0];
  const line = card && card.proposal && card.proposal.lines.length === 1 && card.proposal.lines[0];
  if (!line) { toast("Only with one proposed item"); return; }
  const rest = minor(line.open, line) - minor(line.apply, line);
  if (rest <= 0) { toast("Nothing is short"); return; }
  const said = (why) => act("split", { lines: [{ invoice_id: line.invoice_id, apply: line.apply, write_off: text(rest, line), write_off_reason: why }] });
  const list = REASONS.write_off;
  openDialog(`Write off ${text(rest, line)} ${line.currency}: why?`, make("div", {}, ...list.map((one, index) =>
    make("div", { class: "row" }, key(String(index + 1), one.replace("_", " "), () => { closeDialog(); said(one); })))),
  (event) => { const one = list[Number(event.key) - 1]; if (one) { closeDialog(); said(one); return true; } return false; });
}

function onAccount() {
  const card = cards[0];
  if (!card) return;
  const names = new Map();
  for (const one of [...((card.proposal && card.proposal.lines) || []), ...card.candidates]) names.set(one.customer_id, one.customer_name);
  const list = [...names].slice(0, 9);
  if (!list.length) { toast("Find the customer's item first: /"); return; }
  openDialog("On whose account?", make("div", {}, ...list.map(([id, name], index) =>
    make("div", { class: "row" }, key(String(index + 1), `${name} (${id})`, () => { closeDialog(); act("on_account", { customer_id: id }); })))),
  (event) => { const one = list[Number(event.key) - 1]; if (one) { closeDialog(); act("on_account", { customer_id: one[0] }); return true; } return false; });
}

// amounts as integers of the smallest unit, by the digits behind the point of the text given
const digits = (one) => (one.open.split(".")[1] || "").length;
const minor = (value, one) => {
  const text = String(value).trim();
  if (!/^-?\d+(\.\d+)?$/.test(text)) return NaN;
  const [whole, part = ""] = text.split(".");
  if (part.length > digits(one)) return NaN;
  const size = BigInt(whole.replace("-", "") + part.padEnd(digits(one), "0"));
  return Number(text.startsWith("-") ? -size : size);
};
const text = (value, one) => {
  const size = String(Math.abs(value)).padStart(digits(one) + 1, "0");
  const cut = size.length - digits(one);
  return (value < 0 ? "-" : "") + size.slice(0, cut) + (digits(one) ? `.${size.slice(cut)}` : "");
};

function split(extra) {
  const card = cards[0];
  if (!card) return;
  const items = [...((card.proposal && card.proposal.lines) || []), ...card.candidates];
  if (extra && extra.invoice_id && !items.some((one) => one.invoice_id === extra.invoice_id)) items.unshift(extra);
  const same = items.filter((one) => one.currency === card.payment.currency);
  if (!same.length) { toast("No item in this currency"); return; }
  const whole = minor(card.payment.unapplied, { open: card.payment.unapplied });
  const inputs = same.map((one) => make("input", { type: "text", inputmode: "decimal", "aria-label": `Apply to ${one.number}`,
    value: (card.proposal && card.proposal.lines.includes(one) && one.apply) || "" }));
  const offs = same.map((one) => make("input", { type: "text", inputmode: "decimal", "aria-label": `Write off on ${one.number}` }));
  const totals = make("div", { class: "totals", "aria-live": "polite" });
  const count = () => {
    const applied = inputs.map((input, index) => (input.value.trim() ? minor(input.value, same[index]) : 0));
    const given = offs.map((input, index) => (input.value.trim() ? minor(input.value, same[index]) : 0));
    const sum = applied.reduce((a, b) => a + b, 0);
    const fine = !Number.isNaN(sum) && !given.some(Number.isNaN) && sum !== 0 && Math.abs(sum) <= Math.abs(whole);
    const left = { open: card.payment.unapplied };
    totals.replaceChildren(make("span", {}, `Allocated ${Number.isNaN(sum) ? "?" : text(sum, left)}`),
      make("span", { class: fine ? "" : "off" }, `Left ${Number.isNaN(sum) ? "?" : text(whole - sum, left)} ${card.payment.currency}`),
      make("span", {}, whole - sum ? "stays on the customer's account" : "nothing is left"));
    return fine ? same.map((one, index) => ({ one, apply: applied[index], off: given[index] })).filter((row) => row.apply || row.off) : null;
  };
  const save = () => {
    const rows = count();
    if (!rows) { toast("The amounts do not add up"); return; }
    closeDialog();
    act("split", { lines: rows.map((row) => ({ invoice_id: row.one.invoice_id, apply: text(row.apply, row.one),
      ...(row.off ? { write_off: text(row.off, row.one), write_off_reason: "other" } : {}) })) });
  };
  openDialog(`Split ${card.payment.unapplied} ${card.payment.currency}`, make("div", {},
    make("table", {}, make("thead", {}, make("tr", {}, ...["Item", "Customer", "Open", "Apply", "Write off"].map((one) => make("th", { scope: "col" }, one)))),
      make("tbody", {}, ...same.map((one, index) => make("tr", {}, make("td", {}, one.number), make("td", {}, one.customer_name),
        make("td", { class: "num" }, one.open), make("td", {}, inputs[index]), make("td", {}, offs[index]))))),
    totals, make("div", { class: "actions" }, make("button", { type: "button", class: "strong", onclick: save }, make("kbd", {}, "Enter"), "save"),
      make("button", { type: "button", onclick: closeDialog }, make("kbd", {}, "Esc"), "cancel"))),
  (event) => { if (event.key === "Enter") { save(); return true; } return false; });
  for (const input of [...inputs, ...offs]) input.addEventListener("input", count);
  count();
  inputs[0].focus();
  inputs[0].select();
}

function find() {
  const card = cards[0];
  if (!card) return;
  const input = make("input", { class: "wide", type: "search", "aria-label": "Number, customer or id", placeholder: "number, customer or id" });
  const list = make("div", { class: "candidates" });
  let found = [];
  let wanted = 0;
  input.addEventListener("input", async () => {
    const mine = ++wanted;
    await new Promise((wake) => setTimeout(wake, 120));
    if (mine !== wanted) return;
    const said = await ask(`/review/api/search?q=${encodeURIComponent(input.value)}&payment=${encodeURIComponent(card.payment.payment_id)}`).catch(() => ({ items: [] }));
    if (mine !== wanted) return;
    found = said.items;
    list.replaceChildren(...found.map((one, index) => {
      const why = make("small", {});
      const row = make("button", { type: "button", class: "candidate", onclick: () => { closeDialog(); split(one); } },
        make("kbd", {}, index === 0 ? "Enter" : " "), make("span", {}, one.number, " · ", one.customer_name, why), make("span", { class: "num" }, `${one.open} ${one.currency}`));
      if (index < 3) ask(`/review/api/why?payment=${encodeURIComponent(card.payment.payment_id)}&invoice=${encodeURIComponent(one.invoice_id)}`)
        .then((answer) => { why.textContent = answer.why; }).catch(() => {});
      return row;
    }));
  });
  openDialog("Find an item", make("div", {}, input, list), (event) => {
    if (event.key === "Enter" && found.length) { closeDialog(); split(found[0]); return true; }
    return false;
  });
  input.focus();
}

// ------------------------------------------------------------------ dialogs, words, keys

let dialogKeys = null;
function openDialog(title, body, keys) {
  const dialog = $("dialog");
  dialog.replaceChildren(make("h2", { id: "dialog-title" }, title), body);
  dialogKeys = keys || null;
  dialog.showModal();
}
function closeDialog() { dialogKeys = null; $("dialog").close(); }
$("dialog").addEventListener("close", () => { dialogKeys = null; });

function help() {
  openDialog("Keys", make("div", {}, make("table", {}, make("tbody", {}, ...KEYS.map(([letter, word]) =>
    make("tr", {}, make("td", {}, make("kbd", {}, letter)), make("td", {}, word))))),
  make("div", { class: "actions" }, make("button", { type: "button", onclick: closeDialog }, make("kbd", {}, "Esc"), "close"))));
}

function banner(words) { $("banner").textContent = words; $("banner").hidden = !words; }
let fading;
function toast(words) {
  $("toast").textContent = words;
  $("toast").classList.add("on");
  clearTimeout(fading);
  fading = setTimeout(() => $("toast").classList.remove("on"), 900);
}

const ACTS = {
  a: () => { const card = cards[0]; if (card && card.first) act("agree"); else if (card && card.proposal && card.proposal.lines.length) act("accept"); else toast("Nothing to accept"); },
  x: () => { const card = cards[0]; if (card && card.first) act("disagree"); else choose("none"); },
  s: () => split(), w: writeOff, o: onAccount, d: () => choose("dismiss"), l: () => act("later"), h: hold,
  e: () => choose("escalate"), u: undo, "/": find, "?": help,
  j: () => { if (cards.length > 1) { cards.push(cards.shift()); show(); } },
  k: () => { if (cards.length > 1) { cards.unshift(cards.pop()); show(); } },
};

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if ($("dialog").open) {
    if (dialogKeys && (!typing || event.key === "Enter") && dialogKeys(event)) event.preventDefault();
    return;
  }
  if (typing) return;
  const letter = event.key.toLowerCase();
  if (/^[1-9]$/.test(letter)) { event.preventDefault(); other(Number(letter) - 1); return; }
  if (letter === "enter" && event.target.tagName === "BUTTON") return;
  const act = ACTS[letter];
  if (act) { event.preventDefault(); act(); }
});

for (const id of ["order", "reason"]) {
  const wanted = new URLSearchParams(location.search).get(id);
  if (wanted !== null) $(id).value = wanted;
  $(id).addEventListener("change", async () => {
    const query = new URLSearchParams({ order: $("order").value, reason: $("reason").value });
    history.replaceState(null, "", `?${query}`);
    const held = [...claimed, ...cards.map((one) => one.case.id)];
    claimed = []; cards = [];
    round += 1;
    $("desk").replaceChildren();
    $(id).blur();
    releasing = ask("/review/api/release", { cases: held }).catch(() => {});
    await releasing;
    claimMore();
  });
}
$("help-button").addEventListener("click", help);
setInterval(() => {
  const held = [...claimed, ...cards.map((one) => one.case.id)];
  if (held.length) ask("/review/api/heartbeat", { cases: held }).catch(() => {});
}, 60000);
window.addEventListener("online", send);
window.addEventListener("beforeunload", (event) => { if (outbox.read().length) event.preventDefault(); });
showSaving();
send();
claimMore();
