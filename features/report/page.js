"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;

  // ---- theme ------------------------------------------------------------------------------------
  const stored = { get: () => { try { return localStorage.getItem("tieout-theme"); } catch { return null; } },
    set: (v) => { try { localStorage.setItem("tieout-theme", v); } catch { /* a page from a file may have no storage */ } } };
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const sayTheme = () => { $("theme").textContent = isDark() ? "Light" : "Dark"; $("theme").setAttribute("aria-label", `Use ${isDark() ? "light" : "dark"} colours`); };
  if (stored.get() === "dark" || stored.get() === "light") root.dataset.theme = stored.get();
  $("theme").addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; stored.set(root.dataset.theme); sayTheme(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", sayTheme);
  sayTheme();

  // ---- the histogram's scales ---------------------------------------------------------------------
  const scale = () => { $("histogram").dataset.show = ($("scale-tail").checked ? "tail" : "even") + ($("scale-log").checked ? "-log" : ""); };
  for (const id of ["scale-tail", "scale-log"]) $(id).addEventListener("change", scale);
  scale();

  // ---- where the reader is ------------------------------------------------------------------------
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver((entries) => {
    for (const e of entries) if (e.isIntersecting) { for (const a of links.values()) a.removeAttribute("aria-current"); links.get(e.target.id)?.setAttribute("aria-current", "true"); }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const id of links.keys()) if ($(id)) seen.observe($(id));

  // ---- data ---------------------------------------------------------------------------------------
  // All of it is text from payers and files: it only ever enters the page as text, never as markup.
  const { d, a, c, words, stops, exponents, outcomes } = JSON.parse($("data").textContent);
  const n = d.id.length;
  const hidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
  const plain = (text) => String(text ?? "").replace(hidden, "\ufffd");
  const group = (owners) => { const at = Array.from({ length: n }, () => []); owners.forEach((o, i) => at[o].push(i)); return at; };
  const itemsOf = group(a.d), triedOf = group(c.d);
  const digits = (ccy) => exponents[ccy] ?? 2;
  const grouped = (text) => { const [whole, rest] = String(text).replace("-", "").split("."); return (String(text).startsWith("-") ? "\u2212" : "") + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? "." + rest : ""); };
  const money = (minor, ccy) => { const e = digits(ccy), s = String(Math.abs(minor)).padStart(e + 1, "0"); return grouped((minor < 0 ? "-" : "") + (e ? s.slice(0, -e) + "." + s.slice(-e) : s)); };
  const sure = (p) => { if (p === null || p === undefined) return "\u2013"; const x = Math.floor(p * 1e4 + 1e-9) / 100; return x >= 99.99 && p < 1 ? "> 99.99 %" : x.toFixed(2) + " %"; };
  const sentence = (code) => words[code] ?? code.replaceAll("_", " ") + ".";
  const zero = (text) => !text || /^-?0*(\.0*)?$/.test(text);
  const amounts = d.minor.map((m, i) => money(m, d.ccy[i]));
  const haystack = d.id.map((id, i) => [id, d.payer[i], d.text[i], d.ref[i], d.e2e[i], d.acct[i], d.cust[i], d.name[i], d.day[i], amounts[i], amounts[i].replaceAll(",", ""), d.kind[i],
    ...itemsOf[i].map((j) => a.no[j]), ...triedOf[i].map((j) => c.no[j])].join("\n").toLowerCase());
  const reasonsOf = d.why.map((w) => w.split(";").filter(Boolean));

  // ---- small DOM ----------------------------------------------------------------------------------
  const make = (tag, props, ...kids) => { const e = document.createElement(tag);
    for (const [k, v] of Object.entries(props ?? {})) { if (k === "class") e.className = v; else if (k === "text") e.textContent = plain(v); else e.setAttribute(k, v); }
    e.append(...kids.filter((k) => k !== null && k !== undefined)); return e; };
  const say = (tag, text, cls) => make(tag, { text, ...(cls ? { class: cls } : {}) });
  const own = (text) => say("bdi", text);

  // ---- filters ------------------------------------------------------------------------------------
  const fill = (id, values, label) => { for (const v of values) { const o = say("option", label(v)); o.value = v; $(id).append(o); } };
  const counted = (lists) => { const m = new Map(); for (const l of lists) for (const v of l) m.set(v, (m.get(v) ?? 0) + 1); return [...m].sort((x, y) => y[1] - x[1] || (x[0] < y[0] ? -1 : 1)); };
  fill("f-reason", counted(reasonsOf).map(([v]) => v), sentence);
  fill("f-kind", counted(d.kind.map((k) => [k])).map(([v]) => v).filter(Boolean), (k) => k);
  fill("f-ccy", counted(d.ccy.map((k) => [k])).map(([v]) => v), (k) => k);
  const size = 100;
  let shown = [], page = 0, sort = { key: "", up: true };
  const value = (id) => ($(id) ? $(id).value : "");
  const keys = {
    day: (i) => d.day[i], id: (i) => d.id[i], payer: (i) => d.payer[i].toLowerCase(), outcome: (i) => d.outcome[i], conf: (i) => d.conf[i] ?? -1,
  };
  const compare = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
  // Amounts of different currencies are not compared: the currency comes first.
  const order = (i, j) => (sort.key === "amount" ? compare(d.ccy[i], d.ccy[j]) || (sort.up ? 1 : -1) * (d.minor[i] - d.minor[j]) : (sort.up ? 1 : -1) * compare(keys[sort.key](i), keys[sort.key](j))) || i - j;
  const filter = () => {
    const wanted = value("find").trim().toLowerCase().split(/\s+/).filter(Boolean);
    const [outcome, reason, kind, ccy, right] = ["f-outcome", "f-reason", "f-kind", "f-ccy", "f-right"].map(value);
    shown = [];
    for (let i = 0; i < n; i++) {
      if (outcome !== "" && d.outcome[i] !== Number(outcome)) continue;
      if (reason && !reasonsOf[i].includes(reason)) continue;
      if (kind && d.kind[i] !== kind) continue;
      if (ccy && d.ccy[i] !== ccy) continue;
      if (right && String(d.right?.[i]) !== right) continue;
      if (wanted.some((w) => !haystack[i].includes(w))) continue;
      shown.push(i);
    }
    if (sort.key) shown.sort(order);
    page = 0; draw();
  };

  // ---- the table ----------------------------------------------------------------------------------
  const body = document.querySelector("#rows tbody");
  const settles = (i) => {
    const items = itemsOf[i];
    if (!items.length) { const first = reasonsOf[i].find((r) => stops.includes(r)) ?? reasonsOf[i][0]; return say("td", first ? sentence(first) : "\u2013", "quiet"); }
    const numbers = items.slice(0, 3).map((j) => a.no[j]).join(", ") + (items.length > 3 ? ` and ${items.length - 3 + (d.more[i] ?? 0)} more` : "");
    return make("td", {}, own(numbers), " ", make("span", { class: "quiet" }, own(d.name[i] || d.cust[i])));
  };
  const row = (i) => {
    const open = make("button", { type: "button", class: "link", "aria-expanded": "false", text: d.id[i] });
    const state = make("td", {}, make("span", { class: `dot ${outcomes[d.outcome[i]].name}` }), outcomes[d.outcome[i]].head);
    const conf = say("td", sure(d.conf[i]), "num");
    if (d.right && d.right[i] === false) conf.append(" ", make("span", { class: "wrong", title: "The truth says otherwise", text: "\u2717" }));
    const tr = make("tr", { class: "row" }, say("td", d.day[i], "num-left"), make("td", {}, open), make("td", {}, own(d.payer[i] || "\u2013")), say("td", `${amounts[i]} ${d.ccy[i]}`, "num"), state, conf, settles(i));
    tr.addEventListener("click", (event) => { if (!String(getSelection())) toggle(tr, open, i); });
    return tr;
  };
  const draw = () => {
    const from = page * size, part = shown.slice(from, from + size);
    body.replaceChildren(...part.map(row));
    $("found").textContent = shown.length === n ? `${n.toLocaleString("en")} rows` : `${shown.length.toLocaleString("en")} of ${n.toLocaleString("en")} rows`;
    $("place").textContent = shown.length ? `${(from + 1).toLocaleString("en")}\u2013${(from + part.length).toLocaleString("en")} of ${shown.length.toLocaleString("en")}` : "No row fits.";
    $("back").disabled = page === 0; $("next").disabled = from + size >= shown.length;
    for (const th of document.querySelectorAll("#rows > thead th")) {
      const b = th.querySelector("button");
      if (b && b.dataset.sort === sort.key) th.setAttribute("aria-sort", sort.up ? "ascending" : "descending"); else th.removeAttribute("aria-sort");
    }
  };
  const toggle = (tr, button, i) => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen)); tr.classList.toggle("is-open", !isOpen);
    if (isOpen) tr.nextSibling.remove(); else tr.after(make("tr", { class: "more" }, make("td", { colspan: "7" }, evidence(i))));
  };

  // ---- evidence -----------------------------------------------------------------------------------
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const loose = (number) => { const marks = number.replace(/[^\p{L}\p{N}]/gu, ""); return marks.length >= 4 && marks.length <= 40 ? [...marks].map(escaped).join("[\\s\\-_/.]*") : ""; };
  const highlighted = (text, numbers) => {
    const found = [...new Set(numbers.flatMap((no) => [loose(no), loose((no.match(/\d{4,}$/) ?? [""])[0].replace(/^0+/, ""))]))].filter(Boolean);
    const box = make("div", { class: "said" });
    if (!found.length) { box.textContent = text; return box; }
    text.split(new RegExp(`(${found.join("|")})`, "giu")).forEach((part, at) => box.append(at % 2 ? say("mark", part) : part));
    return box;
  };
  const facts = (pairs) => make("dl", {}, ...pairs.filter(([, v]) => v).flatMap(([k, v]) => [say("dt", k), make("dd", {}, own(v))]));
  const table = (heads, rows) => make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, make("tr", {}, ...heads.map(([h, num]) => say("th", h, num === 1 ? "num" : "")))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell, k) => make("td", heads[k][1] ? { class: heads[k][1] === 1 ? "num" : "keep" } : {}, typeof cell === "string" ? own(cell) : cell)))))));
  const applied = (i, j) => {
    const cell = make("span", {}, own(`${grouped(a.amount[j])} ${a.ccy[j]}`));
    if (a.ccy[j] && a.ccy[j] !== d.ccy[i] && a.paid[j]) cell.append(make("br"), say("span", `${grouped(a.paid[j])} ${d.ccy[i]}${a.rate[j] ? ` at ${a.rate[j]}` : ""}`, "quiet small"));
    return cell;
  };
  const spoken = (code) => code.replaceAll("_", " ");
  const evidence = (i) => {
    const items = itemsOf[i], tried = triedOf[i];
    const left = make("div", {}, say("h3", "Payment"), facts([["Payer", d.payer[i]], ["Account", d.acct[i]], ["Amount", `${amounts[i]} ${d.ccy[i]}`], ["Booked", d.day[i]], ["Kind", spoken(d.kind[i])], ["Reference", d.ref[i]], ["End-to-end id", d.e2e[i]], ["Undoes or repeats", d.rel[i]]]),
      say("h3", "Text"), d.text[i] ? highlighted(plain(d.text[i]), items.map((j) => a.no[j])) : say("p", "The payment has no text.", "quiet"));
    if (d.cut[i]) left.append(say("p", `Cut here; ${d.cut[i].toLocaleString("en")} more characters are in the book.`, "quiet small"));
    const right = make("div", {}, say("h3", items.length ? (d.outcome[i] === 0 ? "Settled" : "Proposal") : "Proposal"));
    right.append(facts([["Customer", d.name[i] ? `${d.name[i]} (${d.cust[i]})` : d.cust[i]], ["Confidence", sure(d.conf[i])], ["Left on account", zero(d.unapp[i]) ? "" : `${grouped(d.unapp[i])} ${d.ccy[i]}`], ["Truth", d.right && d.right[i] !== null ? (d.right[i] ? "This is right." : "This is wrong.") : ""]]));
    if (items.length) right.append(table([["Item", 2], ["Due", 2], ["Applied", 1], ["Written off", 1], ["Stays open", 1], ["Pair", 1]], items.map((j) => [
      a.no[j] + (a.type[j] && a.type[j] !== "invoice" ? ` (${spoken(a.type[j])})` : ""), a.due[j], applied(i, j),
      zero(a.wo[j]) ? "" : `${grouped(a.wo[j])} ${spoken(a.wor[j])}`, zero(a.ded[j]) ? "" : `${grouped(a.ded[j])} ${spoken(a.dedr[j])}`, sure(a.conf[j])])));
    else right.append(say("p", "No open item is proposed.", "quiet"));
    if (d.more[i]) right.append(say("p", `${d.more[i]} more items are in allocations.csv.`, "quiet small"));
    if (reasonsOf[i].length) right.append(say("h3", "Why"), make("ul", { class: "reasons" }, ...reasonsOf[i].map((r) => say("li", sentence(r), stops.includes(r) ? "stop" : ""))));
    if (tried.length) right.append(say("h3", "Next best"), table([["Item", 2], ["Customer"], ["Amount", 1], ["Due", 2], ["Pair", 1], ["Why not"]], tried.map((j) => [
      c.no[j], c.name[j], c.minor[j] === null ? "" : `${money(c.minor[j], c.ccy[j])} ${c.ccy[j]}`, c.due[j], sure(c.conf[j]), c.why[j].split(";").filter(Boolean).map(sentence).join(" ")])));
    return make("div", { class: "evidence" }, left, right);
  };

  // ---- what the reader does -----------------------------------------------------------------------
  let timer = 0;
  $("find").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(filter, 120); });
  for (const id of ["f-outcome", "f-reason", "f-kind", "f-ccy", "f-right"]) $(id)?.addEventListener("change", filter);
  const clear = () => { for (const id of ["find", "f-outcome", "f-reason", "f-kind", "f-ccy", "f-right"]) if ($(id)) $(id).value = ""; };
  $("clear").addEventListener("click", () => { clear(); sort = { key: "", up: true }; filter(); });
  const turn = (by) => { page += by; draw(); $("decisions").scrollIntoView(); };
  $("back").addEventListener("click", () => turn(-1));
  $("next").addEventListener("click", () => turn(1));
  for (const b of document.querySelectorAll("#rows > thead button")) b.addEventListener("click", () => { sort = { key: b.dataset.sort, up: sort.key === b.dataset.sort ? !sort.up : true }; filter(); });
  const goTo = (set) => { clear(); set(); filter(); $("decisions").scrollIntoView(); };
  for (const b of document.querySelectorAll("[data-reason]")) b.addEventListener("click", () => goTo(() => { $("f-reason").value = b.dataset.reason; if (b.dataset.outcome) $("f-outcome").value = b.dataset.outcome; }));
  for (const b of document.querySelectorAll("[data-find]")) b.addEventListener("click", () => goTo(() => { $("find").value = b.dataset.find; }));
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); $("find").focus(); }
    if (event.key === "Escape" && document.activeElement === $("find")) { $("find").value = ""; filter(); }
    const here = document.activeElement?.closest?.("#rows tr.row");
    if (here && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const all = [...body.querySelectorAll("tr.row")], to = all[all.indexOf(here) + (event.key === "ArrowDown" ? 1 : -1)];
      if (to) { event.preventDefault(); to.querySelector("button").focus(); }
    }
  });
  filter();
})();
