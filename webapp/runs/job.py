"""What is to be trained."""

from dataclasses import dataclass
from typing import Any

from mnist_core.recipes.recipe import Recipe


@dataclass(frozen=True)
class Parent:
    """Where a run was forked from.

    Attributes:
        run: the other run's id.
        epoch: the epoch after which this one goes its own way.
    """

    run: str
    epoch: int


@dataclass(frozen=True)
class Job:
    """What is to be trained.

    Attributes:
        recipe: the settings.
        data: the data set, as `load_dataset` takes it.
        begins_paused: whether it waits before its first step.
        parent: the run that it was forked from, if any.
    """

    recipe: Recipe
    data: str
    begins_paused: bool = False
    parent: Parent | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the job as a dictionary that JSON can hold."""
        parent = None if self.parent is None else vars(self.parent)
        recipe = self.recipe.to_json()
        return {"recipe": recipe, "data": self.data, "begins_paused": self.begins_paused, "parent": parent}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Job":
        """Rebuild a job from what `to_json` returned."""
        parent = values.get("parent")
        return cls(
            Recipe.from_json(values["recipe"]),
            values["data"],
            values.get("begins_paused", False),
            None if parent is None else Parent(**parent),
        )
