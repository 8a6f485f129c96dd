//! The auditable decision: one file with everything it was made from, and its replay.

