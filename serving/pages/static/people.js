"use strict";
// The admin's page of users: each change is one request, and the page is loaded again.
const token = document.querySelector('meta[name="csrf"]').content;
const banner = document.getElementById("banner");

async function change(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": token },
    body: JSON.stringify(body),
  });
  if (answer.ok) { location.reload(); return; }
  const problem = await answer.json().catch(() => ({}));
  banner.textContent = problem.detail || "That did not work.";
  banner.hidden = false;
}

document.addEventListener("change", (event) => {
  const user = event.target.dataset.user;
  if (user) change(`/review/api/people/${user}/role`, { role: event.target.value });
});
document.addEventListener("click", (event) => {
  const user = event.target.dataset.disable;
  if (user && confirm("Shut this user out at once?")) change(`/review/api/people/${user}/disable`, {});
});
document.getElementById("new-user").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  change("/review/api/people", Object.fromEntries(form));
});
