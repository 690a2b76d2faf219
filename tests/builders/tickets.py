"""A comparison of finders whose numbers are made up."""

import pandas as pd

FACTS = {
    "train": 100, "test": 50, "timesteps": 5, "early_timesteps": 3, "kl_forward_trained": [1.0],
    "kl_backward_trained": [1.0], "dense_steps": 1000, "epoch_s": 2.0, "score_s": 0.5,
}  # fmt: skip


def rows(finder, sparsity, accuracies, steps=0, granularity="weight"):
    return [
        {
            "finder": finder,
            "granularity": granularity,
            "sparsity": sparsity,
            "seed": seed,
            "accuracy_test": accuracy,
            "find_steps": steps,
        }
        for seed, accuracy in enumerate(accuracies)
    ]


TABLE = pd.DataFrame(
    [
        *rows("dense", 0.0, [0.95, 0.97]),
        *rows("iterative", 0.5, [0.95, 0.97], 1000),
        *rows("iterative", 0.8, [0.93, 0.95], 3000),
        *rows("iterative", 0.9, [0.95, 0.97], 5000),
        *rows("random", 0.5, [0.90, 0.94]),
        *rows("one_shot magnitude", 0.8, [0.5, 0.6]),
        *rows("one_shot second_order", 0.8, [0.9, 0.9]),
    ]
)
