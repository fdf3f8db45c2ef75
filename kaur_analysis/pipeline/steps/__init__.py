"""What a notebook cell calls: each module composes the rooms for one notebook, each function is one sentence of it."""
