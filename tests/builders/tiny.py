"""A study that runs in seconds."""

TINY = """
name: tiny
seed: 0
data: {name: digits, train_size: 400}
network: {layers: fc24-fc16, batch_norm: true}
space:
  sparsity: [0.0, 0.5, 0.8, 0.9]
  granularity: [weight, "nm:4", channel]
  weight_bits: [2, 4, 8]
  timesteps: [2, 3]
device: {profile: nrf51822_microbit, budgets: {memory_bytes: 3000}}
objectives: [error, energy_j, memory_bytes]
train: {dense_epochs: 8, epochs: 3, dense_learning_rate: 0.01, learning_rate: 0.01}
search: {candidates: 24, batch: 8, stack: 4}
final: {seeds: 2}
pick: {within: 0.2}
rival: false
"""
