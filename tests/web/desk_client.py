"""One person's browser without the browser: cookies kept, forms sent with the token of their page."""

import re
from urllib.parse import urlsplit

import httpx

from callcenter.web.plumbing.current_user import SESSION_COOKIE
from tests.web.sample_centre import ANNA, PASSWORD, Person

ORIGIN = "http://desk.test"
ROW = 'id="row-'
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Visit(httpx.AsyncClient):
    """One browser's session with the desk: cookies kept, forms sent with their token."""

    def resume(self, person: Person) -> None:
        """Goes on with the session that the town holds open for this person."""
        self.cookies.set(SESSION_COOKIE, person.token, domain=urlsplit(str(self.base_url)).hostname or "")

    async def csrf(self, path: str) -> str:
        found = CSRF.search((await self.get(path)).text)
        assert found, f"no form on {path}"
        return found[1]

    async def sign_in(self, person: Person = ANNA, *, password: str = PASSWORD, next: str = "/") -> httpx.Response:
        form = {"csrf": await self.csrf("/sign-in"), "login": person.login, "password": password, "next": next}
        return await self.post("/sign-in", data=form)

    async def submit(self, path: str, *, form_on: str = "/", **fields: str) -> httpx.Response:
        """Fills in the form for `path` that stands on the page `form_on`."""
        return await self.post(path, data={"csrf": await self.csrf(form_on), **fields})

    async def part(self, path: str) -> httpx.Response:
        """What htmx gets when it asks for a part of a page."""
        return await self.get(path, headers={"HX-Request": "true"})

    async def ask(self, path: str, *, form_on: str = "/", **fields: str) -> httpx.Response:
        """Sends a form as htmx does."""
        form = {"csrf": await self.csrf(form_on), **fields}
        return await self.post(path, data=form, headers={"HX-Request": "true"})

    async def rows(self, path: str) -> list[str]:
        """The ids of the rows on a page of a list, in its order."""
        return [piece[: piece.index('"')] for piece in (await self.get(path)).text.split(ROW)[1:]]
