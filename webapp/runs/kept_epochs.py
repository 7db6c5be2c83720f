"""Which epochs of a training are kept, to go back to."""

from mnist_core.training.checkpoint import save_checkpoint
from mnist_core.training.state import TrainingState
from webapp.runs.folder import RunFolder

KEPT_EPOCHS = 64
KEPT_BYTES = 400_000_000
"""How many checkpoints of epochs are kept at most, and how large all are; beyond that, every other one goes."""


def keep_epoch(folder: RunFolder, state: TrainingState, fingerprint: str) -> None:
    """Save the training as it stands between two epochs, if this one's turn has come.

    The epochs that are kept are evenly spread over the training, as many as there is room for.

    Args:
        folder: of the run.
        state: the training, which has just ended an epoch or not yet begun the first.
        fingerprint: of its data set.
    """
    kept = folder.kept_epochs() or (state.epoch,)
    spacing = kept[1] - kept[0] if len(kept) > 1 else 1
    if (state.epoch - kept[0]) % spacing and not state.finished:
        return
    save_checkpoint(folder.epoch_checkpoint(state.epoch), state, fingerprint)
    kept = folder.kept_epochs()
    while len(kept) > KEPT_EPOCHS or sum(folder.epoch_checkpoint(epoch).stat().st_size for epoch in kept) > KEPT_BYTES:
        older = kept[:-1]
        folder.drop_epochs(older[1::2] or older or kept)  # the first and the newest stay, then the newest
        kept = folder.kept_epochs()
