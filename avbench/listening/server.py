"""The pages of a test, on this machine only: consent, one page a trial, pause, end.

A rater is known by a random code in a cookie, which outlives the browser; on a machine that raters share it can be
written down and typed in again. The address is always 127.0.0.1, requests in another host's name are refused, and pages
load nothing from anywhere else. Everything works without a script; with one, keys choose and play, and an answer counts
only after what it is about was played to its end.

Contents: `serve`, `application`, `PORT`.
"""

import errno
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ..errors import UsageError
from ..extras import need
from .ballot import Ballot, new_code, rater_of, read_code
from .blind import BlindTest, open_test
from .order import order_for

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HOST, PORT = "127.0.0.1", 8765
PAGES = Path(__file__).parent / "page"
STATIC = {"style.css": "text/css", "script.js": "text/javascript", "icon.svg": "image/svg+xml"}
LONGEST, MOST = 4096, 16  # bytes and fields of a form
A_MONTH = 30 * 86400  # seconds
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; "
    "script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def serve(folder: str | Path, port: int = PORT, tell: Callable[[str], None] = lambda address: None) -> None:
    """Run a test until somebody stops it.

    Args:
        folder: of the test.
        port: where; 0 for any that is free.
        tell: called with the address once the port is ours.

    Raises:
        UsageError: no test, or the port is taken.
        MissingResource: the extra `listen` is not installed.
    """
    test = open_test(folder)
    uvicorn = need("uvicorn", extra="listen", purpose="serving a listening test")
    app = application(test)
    with _listen(port) as listening:
        tell(f"http://{HOST}:{listening.getsockname()[1]}/")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", ws="none", server_header=False
        )
        uvicorn.Server(config).run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that was killed leaves its port waiting
    try:
        listening.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listening.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise UsageError(f"The port {port} is taken: choose another with --port, or 0 for any.") from error
        raise UsageError(
            f"The port {port} cannot be had ({error}): choose another with --port, or 0 for any."
        ) from error
    listening.listen(128)
    return listening


def application(test: BlindTest) -> "Starlette":
    """The pages of a test as an ASGI application."""
    need("starlette", extra="listen", purpose="serving a listening test")
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    desk = Desk(test)
    routes = [
        Route("/", desk.welcome),
        Route("/begin", desk.begin, methods=["POST"]),
        Route("/resume", desk.resume, methods=["POST"]),
        Route("/trial", desk.trial),
        Route("/vote", desk.vote, methods=["POST"]),
        Route("/pause", desk.pause),
        Route("/leave", desk.leave, methods=["POST"]),
        Route("/media/{name}", desk.media),
        Route("/static/{name}", desk.static),
    ]
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[guard], exception_handlers={404: desk.lost})


class Desk:
    """Where raters come: each method is a page.

    Args:
        test: what they rate.
    """

    def __init__(self, test: BlindTest):
        jinja2 = need("jinja2", extra="listen", purpose="serving a listening test")
        self.test, self.ballot = test, Ballot(test)
        self.ballot.keep_open()
        self.cookie = f"code-{test.digest[:8]}"  # cookies know no ports: two tests on one machine must not mix
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def _page(self, name: str, status: int = 200, **values: Any) -> "Response":
        from starlette.responses import HTMLResponse

        text = self.templates.get_template(f"{name}.html").render(kind=self.test.kind, **values)
        return HTMLResponse(text, status, {**HEADERS, "Cache-Control": "no-store"})

    def _go(self, where: str, code: str | None = None) -> "Response":
        """To another page; `code` is set as the rater's own, the empty one forgotten."""
        from starlette.responses import RedirectResponse

        response = RedirectResponse(where, 303, HEADERS)
        if code:
            response.set_cookie(self.cookie, code, max_age=A_MONTH, httponly=True, samesite="lax")
        elif code is not None:
            response.delete_cookie(self.cookie, httponly=True, samesite="lax")
        return response

    def _rater(self, request: "Request") -> str | None:
        rater = rater_of(request.cookies.get(self.cookie, ""))
        return rater if rater and self.ballot.knows(rater) else None

    def _welcome(self, status: int = 200, problem: str = "") -> "Response":
        data = self.test.data
        return self._page("welcome", status, consent=data["consent"], code=new_code(), problem=problem)

    def welcome(self, request: "Request") -> "Response":
        """Consent, before anything else."""
        return self._go("/trial") if self._rater(request) else self._welcome()

    async def begin(self, request: "Request") -> "Response":
        """A rater consents. The code comes from the form, so that a double click makes one rater."""
        return await self._form(request, self._begin)

    def _begin(self, request: "Request", form: Mapping[str, str]) -> "Response":
        rater = rater_of(form.get("code", ""))
        if rater is None or form.get("consent") != "yes":
            return self._welcome(400, "To take part, please agree first.")
        self.ballot.enrol(rater)
        return self._go("/trial", read_code(form["code"]))

    async def resume(self, request: "Request") -> "Response":
        """A rater comes back, perhaps in another browser."""
        return await self._form(request, self._resume)

    def _resume(self, request: "Request", form: Mapping[str, str]) -> "Response":
        rater = rater_of(form.get("code", ""))
        if rater is None or not self.ballot.knows(rater):
            return self._welcome(400, "Nothing is known under this code: please look at it again.")
        return self._go("/trial", read_code(form["code"]))

    def trial(self, request: "Request") -> "Response":
        """The next trial that the rater has not answered, or the end."""
        rater = self._rater(request)
        if rater is None:
            return self._go("/")
        order, answered = order_for(self.test, rater), self.ballot.answered(rater)
        left = [name for name in order if name not in answered]
        if not left:
            return self._page("done", total=len(order))
        trial = self.test.trials[left[0]]
        return self._page("trial", trial=trial, number=len(order) - len(left) + 1, total=len(order))

    async def vote(self, request: "Request") -> "Response":
        """An answer; the reply is the word that it is kept."""
        return await self._form(request, self._vote)

    def _vote(self, request: "Request", form: Mapping[str, str]) -> "Response":
        rater, trial = self._rater(request), form.get("trial", "")
        if rater is None:
            return self._go("/")
        if trial not in self.test.trials or form.get("answer") not in self.test.answers(trial):
            return self._page("problem", 400, problem="This answer cannot be kept: please choose one and try again.")
        self.ballot.vote(rater, trial, form["answer"])
        return self._go("/trial")

    def pause(self, request: "Request") -> "Response":
        """The rater's code, to come back with."""
        if self._rater(request) is None:
            return self._go("/")
        return self._page("pause", code=request.cookies[self.cookie])

    def leave(self, request: "Request") -> "Response":
        """This browser forgets the rater, for the next one."""
        return self._go("/", "")

    def media(self, request: "Request") -> "Response":
        """A file of the test, and no other."""
        from starlette.responses import FileResponse

        name = request.path_params["name"]
        if name not in self.test.data["media"]:
            return self.lost(request)
        return FileResponse(self.test.folder / "media" / name, headers={**HEADERS, "Cache-Control": "private"})

    def static(self, request: "Request") -> "Response":
        """What pages look like and how keys work."""
        from starlette.responses import FileResponse

        name = request.path_params["name"]
        if name not in STATIC:
            return self.lost(request)
        return FileResponse(PAGES / name, media_type=STATIC[name], headers={**HEADERS, "Cache-Control": "no-cache"})

    def lost(self, request: "Request", error: Exception | None = None) -> "Response":
        """There is no such page."""
        return self._page("problem", 404, problem="There is no such page.")

    async def _form(
        self, request: "Request", answer: Callable[["Request", Mapping[str, str]], "Response"]
    ) -> "Response":
        """Read a form, the first value of each field, and answer it where waiting for the disk holds nobody up."""
        from starlette.concurrency import run_in_threadpool

        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST:
                return self._page("problem", 413, problem="This form is too long.")
        try:
            fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST)
        except ValueError:
            return self._page("problem", 400, problem="This form has too many fields.")
        return await run_in_threadpool(answer, request, {name: values[0] for name, values in fields.items()})
