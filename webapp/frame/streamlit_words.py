"""Streamlit's own words, such as those of its uploader, in the visitor's language.

Streamlit has them in English only, and no option for most of them. A script of ours replaces each wherever it appears,
also when the server has gone. Which ones can appear was looked up in Streamlit 1.67's script; `tests/browser/` looks
for more.
"""

import streamlit as st

from webapp.components.register import component
from webapp.i18n import N_, gettext

WORDS = (
    *(N_("Skip to main content"), N_("Main menu"), N_("Close"), N_("Dismiss"), N_("Help"), N_("Help for {name}")),
    *(N_("Shortcut {keys}"), N_("Copy to clipboard"), N_("Copied"), N_("Fullscreen"), N_("Close fullscreen")),
    # Upload and camera
    *(N_("Upload"), N_("file upload"), N_("Add files"), N_("Remove {name}"), N_("Uploading..."), N_("Error:")),
    *(N_("{kind} files are not allowed."), N_("Take Photo"), N_("Clear photo"), N_("Switch camera")),
    *(N_("This app would like to use your camera."), N_("Learn how to allow access.")),
    # Choices, numbers and texts
    *(N_("Choose an option"), N_("Open"), N_("No results"), N_("{count} options available."), N_("Clear value")),
    *(N_("Increment"), N_("Decrement"), N_("Press Enter to apply"), N_("Press Ctrl+Enter to apply")),
    N_("Number is above the allowed range. Please enter a value less than or equal to {most}."),
    N_("Number is below the allowed range. Please enter a value greater than or equal to {least}."),
    N_("Number is outside the allowed range. Please enter a value between {least} and {most}."),
    *(N_("Show password"), N_("Hide password"), N_("Previous page"), N_("Next page"), N_("Page {number}")),
    # When something is wrong
    *(N_("Connecting"), N_("Page not found")),
)
"""As Streamlit has them. What stands in braces may be anything, and stays."""
GONE = N_(
    "The app does not answer. Is the computer on which it runs still on, and is this device in the same network? As "
    "soon as the app answers, this page goes on."
)
OTHER_WORDS = {
    "Connection error": N_("No connection"),
    "The page that you have requested does not seem to exist. Running the app's main page.": N_(
        "There is no such page here. This is the first page instead."
    ),
    **dict.fromkeys(
        (
            "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:",
            *("Connection timed out.", "Connection failed with status {status}.", "Network error", "Failed to fetch"),
            *("Connection failed with status {status}, and response:", "Load failed"),
        ),
        GONE,
    ),
}
"""Words that say little to a visitor, and what stands there instead, in English too."""

_streamlit_words = component("streamlit_words", __file__)


def streamlit_words() -> None:
    """Have Streamlit's words replaced on this page."""
    words = {word: gettext(word) for word in WORDS} | {word: gettext(own) for word, own in OTHER_WORDS.items()}
    with st.container(key="streamlit-words"):
        _streamlit_words(key="words", data={"streamlit": [pair for pair in words.items() if pair[0] != pair[1]]})
