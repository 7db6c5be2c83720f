"""What can be taken home of a run: its weights, its records, a report, and the network for other programs."""

import csv
import io
import json
from collections.abc import Callable

import numpy as np
import streamlit as st

from mnist_core.errors import DataError, MnistCoreError
from mnist_core.export.onnx_model import to_onnx
from mnist_core.export.script import to_script
from mnist_core.network import Network
from webapp.components.save_file import save_file
from webapp.datasets import dataset
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.pages.train.report import report
from webapp.runs.names import run_name
from webapp.runs.snapshot import Snapshot

COLUMNS = ("step", "epoch", "loss", "accuracy", "learning_rate", "validation_loss", "validation_accuracy")


def downloads(snapshot: Snapshot) -> None:
    """Show a button for each file: the content of a popover. A file is made when its button is pressed."""
    has_weights = snapshot.weights is not None
    content, name = None, ""
    for ending, label, icon, make, possible in (
        ("-report.html", _("Report (HTML)"), ":material/description:", report_file, True),
        ("-records.csv", _("Records of all steps (CSV)"), ":material/table:", csv_file, True),
        ("-records.json", _("All records (JSON)"), ":material/data_object:", json_file, True),
        (".npz", _("Weights (NumPy)"), ":material/grid_on:", weights_file, has_weights),
        (".onnx", _("Network for other programs (ONNX)"), ":material/hub:", onnx_file, has_weights),
        (".py", _("Network as a short Python script"), ":material/code:", script_file, has_weights),
    ):
        if st.button(label, key=f"take{ending}", icon=icon, width="stretch", disabled=not possible):
            name = f"{snapshot.id}{ending}"
            content = _made(make, snapshot)
    if not has_weights:
        st.caption(_("There are no weights yet: they come a few seconds after the training has begun."))
    save_file(content, name, "take-file")


def _made(make: Callable[[Snapshot], bytes], snapshot: Snapshot) -> bytes | None:
    """Make a file; None, with a word on the page, if that fails."""
    try:
        with st.spinner(_("Making the file")):
            return make(snapshot)
    except (MnistCoreError, OSError) as error:
        st.error(_("This file cannot be made: {reason}").format(reason=error_text(error)))
        return None


def csv_file(snapshot: Snapshot) -> bytes:
    """Write one row for each step, with what `COLUMNS` names; empty where the validation images were not read."""
    records, per_epoch = snapshot.records, max(1, snapshot.steps_per_epoch)
    losses, accuracies = dict(records.validation_loss), dict(records.validation_accuracy)
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    columns = zip(records.loss, records.accuracy, records.learning_rate, strict=False)  # the run may be going
    for step, (loss, accuracy, rate) in enumerate(columns, 1):
        validation = losses.get(step), accuracies.get(step)
        writer.writerow((step, (step - 1) // per_epoch + 1, loss, accuracy, rate, *validation))
    return table.getvalue().encode("ascii")


def json_file(snapshot: Snapshot) -> bytes:
    """Put the job and all lines of the record file into one JSON document."""
    path = snapshot.folder.records
    content = path.read_bytes() if path.exists() else b""
    lines = content[: content.rfind(b"\n") + 1].splitlines()  # the last one may be half written
    about = {"run": snapshot.id, "name": run_name(snapshot), "note": snapshot.note, "job": snapshot.job.to_json()}
    head = json.dumps(about, indent=1).removesuffix("\n}").encode("ascii")
    return head + b',\n "records": [\n' + b",\n".join(lines) + b"\n ]\n}\n"


def weights_file(snapshot: Snapshot) -> bytes:
    """Return the file of the weights as it is now."""
    return snapshot.folder.weights.read_bytes()


def onnx_file(snapshot: Snapshot) -> bytes:
    """Write the network as an ONNX model."""
    return to_onnx(_network(snapshot))


def script_file(snapshot: Snapshot) -> bytes:
    """Write the network as a Python script that stands alone."""
    return to_script(_network(snapshot)).encode("utf-8")


def report_file(snapshot: Snapshot) -> bytes:
    """Write the report, with a confusion matrix if there are weights and test images."""
    return report(snapshot, _confusion(snapshot)).encode("utf-8")


def _confusion(snapshot: Snapshot) -> np.ndarray | None:
    if snapshot.weights is None:
        return None
    try:
        data = dataset(snapshot.job.data)
    except DataError:  # the folder has gone since
        return None
    return _network(snapshot).evaluate(data.test_images, data.test_labels).confusion


def _network(snapshot: Snapshot) -> Network:
    return Network.load(snapshot.folder.weights)
