"""What components with JavaScript show, and what they send, in tests without a browser."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def component_of(test: AppTest, key: str) -> Any:
    """Return what the server sends to the component with a key."""
    (found,) = (element.proto for element in test.get("bidi_component") if element.proto.id.endswith(f"-{key}"))
    return found


def data_of(test: AppTest, key: str) -> dict[str, Any]:
    """Return the data of the component with a key."""
    return json.loads(component_of(test, key).json)


def send_event(test: AppTest, key: str, name: str, value: object) -> AppTest:
    """Have a component send an event, as its script does with `setTriggerValue`, and the page run."""
    states = test._tree.get_widget_states()
    event = states.widgets.add()
    event.id = f"$$STREAMLIT_INTERNAL_KEY_{component_of(test, key).id}__events"
    event.json_trigger_value = json.dumps([{"event": name, "value": value}])
    return test._run(states)
