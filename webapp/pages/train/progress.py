"""How far a run is and how well it reads by now, in HTML: for its page, and for the route that has what is new."""

import html

from webapp.charts.curve import smoothing_steps
from webapp.datasets import data_name
from webapp.formats import in_a_row
from webapp.i18n import gettext as _
from webapp.runs.facts import accuracy_on_test, validation_accuracy
from webapp.runs.names import run_name
from webapp.runs.snapshot import ACTIVE, Snapshot, seconds_left, steps_per_second
from webapp.settings.names import setting_value


def progress_html(snapshot: Snapshot) -> str:
    """Return a run's progress, its bar, what it is, and how well it reads.

    What stands in a class "roomy" is left out on a phone while the run goes. Figures that are not known yet have their
    place already, so that nothing jumps when they come.
    """
    about = html.escape(" · ".join(_about(snapshot)))
    return f'{_progress(snapshot)}<p class="about">{about}</p><div class="figures">{_figures(snapshot)}</div>'


def _about(snapshot: Snapshot) -> list[str]:
    recipe, begin = snapshot.job.recipe, snapshot.records.begin
    data = data_name(begin.get("data_name", setting_value("data", snapshot.job.data)), begin.get("synthetic", False))
    about = [run_name(snapshot), "-".join(str(size) for size in recipe.layer_sizes), data]
    if recipe.distortion:
        about.append(_("distorted images"))
    if snapshot.job.parent is not None:
        parent = snapshot.job.parent
        about.append(_("forked from {run} after epoch {epoch}").format(run=parent.run, epoch=parent.epoch))
    return about


def _progress(snapshot: Snapshot) -> str:
    """Describe how far the run is, how fast, and how long it will take; with a bar below."""
    epochs, step, per_epoch = snapshot.recipe.epochs, snapshot.step, snapshot.steps_per_epoch
    epoch = min(epochs, max(0, step - 1) // max(per_epoch, 1) + 1)
    one_step = _("epoch {epoch:,} of {epochs:,}, one step each")
    text = one_step if per_epoch == 1 else _("epoch {epoch:,} of {epochs:,}")
    parts, roomy = [text.format(epoch=epoch, epochs=epochs)], []
    if per_epoch > 1:
        roomy.append(_("step {step:,} of {total:,}").format(step=step, total=per_epoch * epochs))
    pace = steps_per_second(snapshot) if snapshot.state == "running" and step else None
    if pace is not None:
        images = min(snapshot.recipe.batch_size, snapshot.records.begin["train_images"])
        two_digits = int(float(f"{pace * images:.2g}"))  # what can be read while it changes
        roomy.append(_("{images:,} images a second").format(images=two_digits))
        parts.append(_time_left(seconds_left(snapshot) or 0.0))
    elif snapshot.state not in ACTIVE:
        parts.append(_("{seconds:.0f} s of training").format(seconds=snapshot.records.seconds))
    kind = ' class="roomy"' if snapshot.state == "running" else ""
    parts[0] += "".join(f"<span{kind}> · {part}</span>" for part in roomy)
    done = min(1.0, step / (per_epoch * epochs)) if per_epoch else 0.0
    done = 1.0 if snapshot.state == "finished" else done  # also if it stopped early, since nothing became better
    label = _("Progress of the training")
    return f'<p>{" · ".join(parts)}</p><progress value="{done:.3f}" aria-label="{label}"></progress>'


def _time_left(seconds: float) -> str:
    if seconds < 100:
        return _("about {seconds} s left").format(seconds=max(1, round(seconds)))
    return _("about {minutes} min left").format(minutes=round(seconds / 60))


def _figures(snapshot: Snapshot) -> str:
    """Return how well the network reads: by now, and once it is over in its best epoch, as wherever runs are listed.

    Each figure says on a hover what it is of.
    """
    records = snapshot.records
    newest = records.accuracy[-smoothing_steps(snapshot.recipe.batch_size) :]
    trained = f"{sum(newest) / len(newest):.1%}" if newest else "–"
    of_trained = _("Share of the newest training images that were read correctly.")
    found = _figure(_("Training accuracy"), trained, of_trained)
    if snapshot.recipe.validation_fraction:
        of_validated = _("Of images that are kept out of the training.")
        if snapshot.state in ACTIVE:
            read = records.validation_accuracy
            found += _figure(_("Validation accuracy (now)"), f"{read[-1][1]:.1%}" if read else "–", of_validated)
        else:
            best = validation_accuracy(snapshot)
            of_best = _("In the epoch with the lowest loss on them, whose weights are kept.")
            validated = "–" if best is None else f"{best:.2%}"
            found += _figure(_("Validation accuracy (best epoch)"), validated, in_a_row(of_validated, of_best))
    if (tested := accuracy_on_test(snapshot)) is not None:
        of_tested = _("Of test images that play no part in the training, read once at its end.")
        found += _figure(_("Test accuracy"), f"{tested:.2%}", of_tested, "test-accuracy")
    return found


def _figure(name: str, value: str, meaning: str, kind: str = "") -> str:
    return (
        f'<div class="figure {kind}" title="{html.escape(meaning)}"><span>{name}</span><strong>{value}</strong></div>'
    )
