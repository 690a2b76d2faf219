"""What does not map onto a device, and why: `check.violations` holds a network to every rule.

One small function a rule, named after its law: those of any profile in `check`, of a toolchain's limits in
`toolchain_limits`, of a family's formula in `family_rules`. Not for budgets: a study sets them.
"""
