"""Headers for browsers: a page may ask this server alone, and what is sent is what it is called."""

import re
from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.server.security_headers import EMBED_IN, SecurityHeaders, content_security_policy


def headers_of(content_type: str | None) -> Mapping[str, str]:
    page = Route("/", lambda _request: Response("x", media_type=content_type))
    headers = Middleware(SecurityHeaders, policy="default-src 'self'")
    return TestClient(Starlette(routes=[page], middleware=[headers])).get("/").headers


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "text/html"])
def test_a_page_comes_with_its_policy(content_type):
    assert headers_of(content_type)["content-security-policy"] == "default-src 'self'"


@pytest.mark.parametrize("content_type", ["application/json", "text/javascript", None])
def test_all_else_comes_without_but_is_what_it_is_called(content_type):
    headers = headers_of(content_type)

    assert "content-security-policy" not in headers
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"


def test_the_policy_names_no_other_server():
    policy = content_security_policy()

    assert not re.search(r"https?:|wss?:|\*|\.", policy)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["form-action"] == rules["frame-ancestors"] == "'self'"
    assert "unsafe" not in rules["script-src"] and "sha256-" in rules["script-src"]


def test_pages_of_named_sites_may_show_ours(monkeypatch):
    monkeypatch.setenv(EMBED_IN, "https://moodle.school.example, http://192.168.1.5:8080")

    assert content_security_policy().endswith(
        "frame-ancestors 'self' https://moodle.school.example http://192.168.1.5:8080"
    )


@pytest.mark.parametrize(
    "site", ["moodle.school.example", "https://a.example; script-src *", "https://a.example/x", "*"]
)
def test_what_is_no_site_is_refused_at_the_start(monkeypatch, site):
    monkeypatch.setenv(EMBED_IN, site)
    with pytest.raises(ValueError, match="EMBED_IN contains"):
        content_security_policy()
