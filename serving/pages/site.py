"""The pages themselves: log-in, desk, queues, dashboard, people; and the files that belong to them."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response

from serving.api.route import answered
from serving.auth.people import (
    Permission,
    Person,
    Role,
    close_session,
    disable,
    is_own_token,
    log_in,
    make_user,
    person_of,
    set_role,
)
from serving.pages.forms import NewUserForm, RoleForm
from serving.pages.guard import HEADERS, ForgedError, Manager, Seer, cookie_name, page, refuse_forgery
from serving.problems import NotFoundError
from serving.review.measures import DAYS, measures
from serving.runtime import runtime_of
from serving.store import people_rows, review_rows

router = APIRouter(prefix="/review", include_in_schema=False)
HERE: Final = Path(__file__).parent
STATIC: Final = {
    "desk.js": "text/javascript; charset=utf-8",
    "people.js": "text/javascript; charset=utf-8",
    "review.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
AGES: Final = (
    ("under a day", 1),
    ("1 to 3 days", 3),
    ("3 to 7 days", 7),
    ("7 to 30 days", 30),
    ("longer", 10**6),
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def _page(name: str, person: Person | None, **facts: object) -> Response:
    manages = person is not None and person.may(Permission.MANAGE)
    return page(
        _templates()
        .get_template(f"{name}.html.j2")
        .render(person=person, here=name, manages=manages, **facts)
    )


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """Give a file of the pages."""
    if name not in STATIC:
        raise NotFoundError
    headers = {**HEADERS, "cache-control": "public, max-age=300"}
    return Response(_file(name), headers=headers, media_type=STATIC[name])


@cache
def _file(name: str) -> bytes:
    return (HERE / "static" / name).read_bytes()


@router.get("/login")
async def login_page() -> Response:
    """Show the log-in."""
    return _page("login", None, refused=False)


@router.post("/login")
async def login(
    request: Request,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=200)],
) -> Response:
    """Open a session, or say that address or password is wrong, never which."""
    runtime = runtime_of(request)
    refuse_forgery(request)
    address = request.client.host if request.client else "unknown"
    runtime.rates.check_address(address)
    found = await runtime.work(lambda: log_in(runtime.store, email, password, runtime.clock()))
    if found is None:
        runtime.rates.count_refusal(address)
        return _page("login", None, refused=True)
    answer = RedirectResponse("/review", 303, HEADERS)
    answer.set_cookie(
        cookie_name(request),
        found[0],
        secure=not runtime.settings.dev,
        httponly=True,
        samesite="lax",
        path="/",
    )
    return answer


@router.post("/logout")
async def logout(request: Request, csrf: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Close the session."""
    runtime = runtime_of(request)
    refuse_forgery(request)
    secret = request.cookies.get(cookie_name(request), "")
    person = await runtime.work(lambda: person_of(runtime.store, secret, runtime.clock()))
    if person is not None:
        if not is_own_token(person, csrf):
            raise ForgedError
        await runtime.work(lambda: close_session(runtime.store, person, runtime.clock()))
    answer = RedirectResponse("/review/login", 303, HEADERS)
    answer.delete_cookie(cookie_name(request), path="/", secure=not runtime.settings.dev, httponly=True)
    return answer


async def _visitor(request: Request) -> Person | None:
    runtime = runtime_of(request)
    secret = request.cookies.get(cookie_name(request), "")
    return await runtime.work(lambda: person_of(runtime.store, secret, runtime.clock()))


@router.get("")
async def desk(request: Request) -> Response:
    """Show the desk; whoever is not logged in is sent to do so."""
    person = await _visitor(request)
    if person is None:
        return RedirectResponse("/review/login", 303, HEADERS)
    runtime = runtime_of(request)

    def work() -> list[str]:
        with runtime.store.reading(person.book_id) as tx:
            return [reason for reason, _, _ in review_rows.counts_by_reason(tx, runtime.clock())]

    return _page("desk", person, reasons=await runtime.work(work))


@router.get("/queues")
async def queues(request: Request, person: Seer) -> Response:
    """Show what waits, by reason and by age."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work() -> tuple[list[dict[str, Any]], list[tuple[str, int]]]:
        with runtime.store.reading(person.book_id) as tx:
            rows = review_rows.counts_by_reason(tx, now)
            opened = review_rows.opened_at(tx, now)
        return [
            {"reason": reason, "count": count, "oldest": f"{oldest:%Y-%m-%d %H:%M}" if oldest else ""}
            for reason, count, oldest in rows
        ], _ageing(opened, now)

    rows, ageing = await runtime.work(work)
    return _page("queues", person, rows=rows, ageing=ageing)


def _ageing(opened: list[datetime], now: datetime) -> list[tuple[str, int]]:
    counts = dict.fromkeys((name for name, _ in AGES), 0)
    for one in opened:
        age = (now - one) / timedelta(days=1)
        counts[next(name for name, limit in AGES if age < limit)] += 1
    return list(counts.items())


@router.get("/dashboard")
async def dashboard(request: Request, person: Seer) -> Response:
    """Show the ten measures."""
    return _page("dashboard", person, rows=await _measured(request, person), days=DAYS)


@router.get("/dashboard.csv")
async def dashboard_csv(request: Request, person: Seer) -> Response:
    """Give the ten measures as a table, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["measure", "name", "now", "goal"])
    for one in await _measured(request, person):
        writer.writerow([_safe(str(one[name])) for name in ("id", "name", "shown", "goal")])
    headers = {**HEADERS, "content-disposition": 'attachment; filename="measures.csv"'}
    return Response(out.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


async def _measured(request: Request, person: Person) -> list[dict[str, Any]]:
    runtime = runtime_of(request)

    def work() -> list[dict[str, Any]]:
        with runtime.store.reading(person.book_id) as tx:
            return measures(tx, runtime.clock())

    return await runtime.work(work)


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


@router.get("/people")
async def people(request: Request, person: Manager) -> Response:
    """Show the users of the book."""
    runtime = runtime_of(request)

    def work() -> list[Any]:
        with runtime.store.reading(person.book_id) as tx:
            return people_rows.users_of(tx)

    return _page("people", person, users=await runtime.work(work), roles=[role.value for role in Role])


@router.post("/api/people")
async def add_person(request: Request, form: NewUserForm, person: Manager) -> Response:
    """Add a user."""
    runtime = runtime_of(request)

    def work() -> str:
        with runtime.store.transaction(person.book_id) as tx:
            return make_user(tx, form.email, form.role, form.password, runtime.clock(), person.who)

    return answered({"user_id": await runtime.work(work)}, 201)


@router.post("/api/people/{user_id}/role")
async def give_role(request: Request, user_id: str, form: RoleForm, person: Manager) -> Response:
    """Give a user another role."""
    runtime = runtime_of(request)

    def work() -> None:
        with runtime.store.transaction(person.book_id) as tx:
            set_role(tx, user_id, form.role, runtime.clock(), person.who)

    await runtime.work(work)
    return answered({"role": form.role})


@router.post("/api/people/{user_id}/disable")
async def shut_out(request: Request, user_id: str, person: Manager) -> Response:
    """Shut a user out."""
    runtime = runtime_of(request)

    def work() -> None:
        with runtime.store.transaction(person.book_id) as tx:
            disable(tx, user_id, runtime.clock(), person.who)

    await runtime.work(work)
    return answered({"disabled": True})
