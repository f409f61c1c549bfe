"""Who may do what: every route of the pages against every role, and no way around the session."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from serving.app import create_app
from serving.auth.people import ROLES, BadUserError, Permission, Role, log_in, make_user, person_of, set_role
from serving.runtime import open_runtime
from serving.settings import load_settings
from serving.store.migrations import migrate
from serving.store.store import Store

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have another HTTP client
    from starlette.testclient import TestClient

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"  # noqa: S105 - of users that live as long as a test

ROUTES: dict[tuple[str, str], Permission] = {
    ("POST", "/review/api/claim"): Permission.DECIDE,
    ("GET", "/review/api/cards/{case_id}"): Permission.SEE,
    ("POST", "/review/api/cases/{case_id}/verdict"): Permission.DECIDE,
    ("POST", "/review/api/verdicts/{verdict_id}/undo"): Permission.DECIDE,
    ("POST", "/review/api/heartbeat"): Permission.DECIDE,
    ("POST", "/review/api/release"): Permission.DECIDE,
    ("GET", "/review/api/search"): Permission.SEE,
    ("GET", "/review/api/why"): Permission.SEE,
    ("GET", "/review/queues"): Permission.SEE,
    ("GET", "/review/dashboard"): Permission.SEE,
    ("GET", "/review/dashboard.csv"): Permission.SEE,
    ("GET", "/review/people"): Permission.MANAGE,
    ("POST", "/review/api/people"): Permission.MANAGE,
    ("POST", "/review/api/people/{user_id}/role"): Permission.MANAGE,
    ("POST", "/review/api/people/{user_id}/disable"): Permission.MANAGE,
}
OPEN = {
    ("GET", "/review/login"),
    ("POST", "/review/login"),
    ("POST", "/review/logout"),
    ("GET", "/review"),
    ("GET", "/review/static/{name}"),
}
BODIES = {
    "/review/api/claim": {"count": 1},
    "/review/api/heartbeat": {"cases": []},
    "/review/api/release": {"cases": []},
    "/review/api/cases/{case_id}/verdict": {"id": "verdict-1", "version": 1, "said": "later"},
    "/review/api/verdicts/{verdict_id}/undo": {"id": "undo-0001"},
    "/review/api/people": {"email": "new@example.com", "role": "viewer", "password": PASSWORD},
    "/review/api/people/{user_id}/role": {"role": "viewer"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("people")
    store = Store(f"sqlite:///{home / 'store.db'}")
    migrate(store)
    for book in ("acme", "other"):
        store.create_book(book, book, NOW)
        with store.transaction(book) as tx:
            for role in Role:
                make_user(tx, f"{role}@{book}.example", role, PASSWORD, NOW, "test")
    settings = load_settings(
        home=home, database_url=str(store.engine.url), dev=True, failed_logins="1000/minute"
    )
    runtime = open_runtime(settings, lambda: NOW)
    with TestClient(create_app(runtime=runtime), base_url="http://testserver") as found:
        yield found
    store.close()


def session(client: TestClient, role: Role, book: str = "acme") -> dict[str, str]:
    """Log in and give the headers that a page of ours would send."""
    client.cookies.clear()
    answer = client.post(
        "/review/login",
        data={"email": f"{role}@{book}.example", "password": PASSWORD},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    page = client.get("/review").text
    token = page.split('name="csrf" content="')[1].split('"')[0]
    return {"x-csrf-token": token}


def ask(client: TestClient, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    body = BODIES.get(path)
    for name in ("case_id", "verdict_id", "user_id", "name"):
        path = path.replace(f"{{{name}}}", "nothing")
    answer: httpx.Response = client.request(
        method, path, headers=headers, json=body if method == "POST" else None
    )
    return answer


def test_every_route_of_the_pages_stands_in_the_table(client: TestClient) -> None:
    from fastapi.routing import APIRoute

    found = set()
    stack = list(client.app.routes)  # type: ignore[attr-defined]
    while stack:
        route = stack.pop()
        stack += list(getattr(getattr(route, "original_router", None), "routes", []))
        if isinstance(route, APIRoute) and route.path.startswith("/review"):
            found |= {(method, route.path) for method in route.methods or ()}
    assert found == set(ROUTES) | OPEN


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_exactly_what_the_table_says(client: TestClient, role: Role) -> None:
    headers = session(client, role)
    for (method, path), permission in ROUTES.items():
        answer = ask(client, method, path, headers)
        may = permission in ROLES[role]
        assert (answer.status_code != 403) is may, (role, method, path, answer.status_code)
        assert answer.status_code not in (401, 500)


def test_nobody_gets_in_without_a_session(client: TestClient) -> None:
    client.cookies.clear()
    for method, path in ROUTES:
        assert ask(client, method, path, {}).status_code == 401


def test_a_change_needs_the_token_of_the_session_and_our_own_site(client: TestClient) -> None:
    headers = session(client, Role.REVIEWER)
    for wrong in ({}, {"x-csrf-token": "forged"}, headers | {"sec-fetch-site": "cross-site"}):
        assert ask(client, "POST", "/review/api/claim", wrong).status_code == 403
    assert ask(client, "POST", "/review/api/claim", headers).status_code == 200


def test_an_api_key_opens_no_page_and_a_session_no_api(client: TestClient) -> None:
    session(client, Role.ADMIN)
    assert client.post("/v1/match", json={"payments": []}).status_code == 401
    client.cookies.clear()
    assert client.get("/review/queues", headers={"authorization": "Bearer tieout_x"}).status_code == 401


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(client: TestClient) -> None:
    client.cookies.clear()
    pages = [
        client.post("/review/login", data={"email": email, "password": "wrong password"}).text
        for email in ("reviewer@acme.example", "nobody@acme.example")
    ]
    assert pages[0] == pages[1]
    assert "wrong" in pages[0]


def test_sessions_end(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(store)
    store.create_book("acme", "acme", NOW)
    with store.transaction("acme") as tx:
        user = make_user(tx, "ana@acme.example", Role.REVIEWER, PASSWORD, NOW, "test")
        with pytest.raises(BadUserError):
            make_user(tx, "Ana@acme.example", Role.ADMIN, PASSWORD, NOW, "test")
    opened = log_in(store, "ANA@acme.example", PASSWORD, NOW)
    assert opened is not None
    secret, _ = opened
    assert person_of(store, secret, NOW + timedelta(minutes=29)) is not None
    assert person_of(store, secret, NOW + timedelta(minutes=60)) is None, "idle for too long"
    assert person_of(store, secret + "x", NOW) is None
    with store.transaction("acme") as tx:
        set_role(tx, user, Role.VIEWER, NOW, "test")
    assert person_of(store, secret, NOW + timedelta(minutes=29)) is None, "a new role ends old sessions"
    store.close()
