"""What browsers may do with our pages: ask this server alone, whatever a visitor writes.

And show them nowhere else, but in pages of sites that whoever runs the server has named.
"""

import base64
import hashlib
import os
import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

EMBED_IN = "EMBED_IN"


def embedding_sites() -> list[str]:
    """Return the sites whose pages may show ours in a frame: those in the variable `EMBED_IN`, separated by commas.

    Raises:
        ValueError: if something else than sites stands there.
    """
    sites = [site.strip() for site in os.environ.get(EMBED_IN, "").split(",") if site.strip()]
    for site in sites:
        if not re.fullmatch(r"https?://[\w.*:-]+", site, re.ASCII):
            raise ValueError(
                f"{EMBED_IN} contains {site!r}, expected sites separated by commas: "
                "set it to, for example, https://moodle.school.example"
            )
    return sites


def content_security_policy() -> str:
    """Write the policy for Streamlit's page.

    Its styles stand in elements (by emotion), its components' scripts come as `blob:`, and of scripts in the page only
    those run that stand in the page's own file: what a visitor smuggled in as HTML would not.
    """
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    known = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", *(f"'sha256-{digest}'" for digest in known)]),
        "style-src": "'self' 'unsafe-inline'",
        "connect-src": "'self' data: blob:",  # the camera's picture is fetched as `data:`
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *embedding_sites()]),
    }
    return "; ".join(f"{kind} {allowed}" for kind, allowed in rules.items())


class SecurityHeaders:
    """ASGI middleware that adds headers for browsers to all answers.

    Args:
        app: answers.
        policy: the content security policy of all that is shown as a page.
    """

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add to its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Content-Security-Policy"] = self._policy
            await send(message)

        await self._app(scope, receive, send_with_headers)
