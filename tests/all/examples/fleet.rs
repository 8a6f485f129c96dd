//! The fleet of the example `rebuild`.
