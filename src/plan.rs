//! From a decision to a plan: steps in order, checked before anything is touched.
