"""Why a network answers as it does: its ink, its units, its arithmetic."""
