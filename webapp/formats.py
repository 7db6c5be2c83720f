"""How a probability is written where there is little room."""


def share_text(share: float) -> str:
    """Write a share in [0, 1] as whole percent; never 100%, which would mean that it can't be wrong."""
    return f"{share:.0%}" if share < 0.995 else ">99%"
