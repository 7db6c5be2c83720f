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
        """Rebuild a job from what `to_json` returned.

        Raises:
            ValueError, TypeError, RecipeError: if it is anything else.
        """
        match {"begins_paused": False, "parent": None, **values}:
            case {
                "recipe": recipe,
                "data": str(data),
                "begins_paused": bool(begins_paused),
                "parent": None | {"run": str(), "epoch": int()} as parent,
            }:
                parent = None if parent is None else Parent(**parent)
                return cls(Recipe.from_json(recipe), data, begins_paused, parent)
        raise ValueError(f"found {str(values)[:200]}, expected a job as it is written into a run's folder")
