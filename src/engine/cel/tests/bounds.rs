//! Nothing that a policy writes can hang, crash or take more than it may.
