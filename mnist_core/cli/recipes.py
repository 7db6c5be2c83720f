"""`recipes`: list the recipes, or print one as JSON."""

import json

import click

from mnist_core.cli.options import find_recipe
from mnist_core.recipes.presets import RECIPES


@click.command("recipes")
@click.argument("name", required=False)
def recipes_command(name: str | None) -> None:
    """List the recipes, or print one as JSON, to start one of your own."""
    if name is not None:
        click.echo(json.dumps(find_recipe(name).to_json(), indent=1))
        return
    for recipe in RECIPES.values():
        layers = "-".join(str(size) for size in recipe.layer_sizes)
        click.echo(f"{recipe.name:<24} {layers:<20} {recipe.epochs:>4} epochs   {recipe.source}")
