"""What outlives the process: Optuna's storage, caches, the log."""
