"""A profile to start from: `hwsearch profiles new` writes it."""

SKELETON = """\
# One device. Every number: {value, unit, grade, source, conditions}. Grades, best first: measured, vendor, toolchain,
# simulated, emulated, derived, estimated. What you do not know is `value: null`: it is never guessed, and what hangs on
# it stays unknown. `hwsearch profiles check FILE` names every fault with its line; `hwsearch profiles schema` is for
# editors.
schema_version: 1
id: my_device # small letters, digits and _
name: My device
vendor: ""
# generic, mcu, many_core_async, timestep_core, event_cnn, crossbar, npu, fpga_clock, fpga_dataflow or gpu. Beyond mcu
# and generic a `model:` section says how the family stores and works off; copy it from a shipped profile.
family: mcu
description: >
  What it is, what is inside its memories and what is left out here.

memory:
  banks: # together they hold each of weights, params (biases and thresholds), state and buffers once
    - name: flash
      holds: [weights, params]
      bytes: {value: null, unit: KiB, grade: vendor, source: DATASHEET}
    - name: ram
      holds: [state, buffers]
      bytes: {value: null, unit: KiB, grade: vendor, source: DATASHEET}
      # reserved: {value: 2, unit: KiB, grade: toolchain, source: SOFTWARE, conditions: stack}

weights:
  bits: {value: [1, 2, 3, 4, 6, 8, 16], unit: bit, grade: toolchain, source: SOFTWARE}
  # formats that its software reads: dense, bitmap, csr, delta, nm:4, nm:8, nm:16, block:4, block:8, kernel
  formats: [dense, bitmap, csr, delta, "nm:4", "nm:8", "nm:16", "block:4", "block:8", kernel]
  pointer_bits: {value: 16, unit: bit, grade: toolchain, source: SOFTWARE}
  bias_bits: {value: 16, unit: bit, grade: toolchain, source: SOFTWARE}
  threshold_bits: {value: 16, unit: bit, grade: toolchain, source: SOFTWARE}

state:
  bits: {value: 16, unit: bit, grade: toolchain, source: SOFTWARE}
  # every width that a study may choose instead (space.state_bits); left out: there is no choice
  menu: {value: [8, 16, 32], unit: bit, grade: toolchain, source: SOFTWARE}
  accumulator_bits: {value: 32, unit: bit, grade: toolchain, source: SOFTWARE}
  overflow: saturate # or reject

neurons:
  models: [lif, if]
  reset: [zero, subtract]
  # how they compute, in words that have no unit; left out or null: unknown, and no report claims that the device
  # computes as the integer model does. Fires at v >= threshold, or at v > threshold:
  comparison: {value: ">=", grade: toolchain, source: SOFTWARE}
  # v / 2^k rounded: floor, floor_unless_fired, floor_at_least_one, toward_zero, away_from_zero, nearest; constant; none
  leak: {value: floor, grade: toolchain, source: SOFTWARE}
  # once a timestep; several times; each_event: compares after each
  firing: {value: once, grade: toolchain, source: SOFTWARE}
granularities: [weight, "nm:4", "nm:8", "nm:16", "block:4", "block:8", kernel, channel]

# whose zeros cost nothing; input:, hidden: and readout: may have lists of their own
sparsity:
  storage: [weight, nm, block, kernel, channel]
  cycles: [weight, nm, block, kernel, channel]
  energy: [weight, nm, block, kernel, channel]

# limits: # hard ones; left out: none is known
#   neurons: {value: 1024, unit: count, grade: vendor, source: DATASHEET}

# connections: # what it can do beyond a chain of plain ones; left out or null: unknown, and such a network is refused
#   strided: {value: true, grade: toolchain, source: SOFTWARE} # further sides of limits.strides, limits.kernels, ...
#   rectangular: {value: null, grade: toolchain, source: SOFTWARE} # filters and pooling windows of unequal sides
#   depthwise: {value: null, grade: toolchain, source: SOFTWARE}
#   residual: {value: null, grade: toolchain, source: SOFTWARE} # several connections into one population
#   recurrence: {value: null, grade: toolchain, source: SOFTWARE} # spikes that arrive one timestep later
#   analog_sequence: {value: null, grade: toolchain, source: SOFTWARE} # an input of other values in every timestep
#   leaky_readout: {value: null, grade: toolchain, source: SOFTWARE}
#   late_readout: {value: null, grade: toolchain, source: SOFTWARE} # adds up the last timesteps only
#   step_readout: {value: null, grade: toolchain, source: SOFTWARE} # a prediction after every timestep

inputs: analog # or events, where the host encodes

timing: # null where nothing is known about time
  clock: {value: null, unit: MHz, grade: vendor, source: DATASHEET}
  cycles: # calibrate on a board: cycles of one multiply-accumulate, spike at a weight, and so on
    mac: {value: null, unit: cycles, grade: measured, source: BOARD}
    synop: {value: null, unit: cycles, grade: measured, source: BOARD}
    indexed_synop: {value: null, unit: cycles, grade: measured, source: BOARD}
    unpack: {value: null, unit: cycles, grade: measured, source: BOARD}
    neuron_update: {value: null, unit: cycles, grade: measured, source: BOARD}
    layer_step: {value: null, unit: cycles, grade: measured, source: BOARD}

energy: # null where nothing is known; kind: per_cycle (all-in) or per_term (see generic_45nm)
  kind: per_cycle
  cycle: {value: null, unit: pJ, grade: measured, source: BOARD, conditions: "supply voltage, clock, what ran"}

power:
  static: {value: null, unit: W, grade: measured, source: BOARD, conditions: inside the energy of a cycle}

# firmware: # what the exported C library takes on its core, emulated: cortex-m0, -m4, -m7, -m33 or rv32imac
#   core: cortex-m4
#   priced: true # memory counts code; latency and energy are of instructions, one a cycle; false: only shown

# uncalibrated: [energy_j, latency_s] # costs that no measured network confirms

sources:
  DATASHEET: "Document, table, page."
  SOFTWARE: "Chosen by hwsearch: its integer model and storage formats run on any such processor."
  BOARD: "Who measured what, how, when."
"""
