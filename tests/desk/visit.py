"""One person's browser without the browser: cookies kept, forms sent with the token of their page."""

import re

import httpx

from tests.desk.town import ANNA, PASSWORD, Person

ORIGIN = "http://desk.test"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Visit(httpx.AsyncClient):
    """One browser's session with the desk: cookies kept, forms sent with their token."""

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
