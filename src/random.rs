//! How the random tests draw: the same in every run, so that only what has changed can fail.
//!
//! `WEIGHLOCK_RANDOM_SEED=N` draws others; `random` as well, and prints which.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use proptest::test_runner::{Config, RngSeed};

/// So many cases from the seed. Those that fail belong in tests of their own, not in files.
pub(crate) fn config(cases: u32) -> Config {
    let seed = match std::env::var("WEIGHLOCK_RANDOM_SEED") {
        Err(_) => 0,
        Ok(asked) if asked == "random" => {
            let seed = RandomState::new().build_hasher().finish();
            println!("WEIGHLOCK_RANDOM_SEED={seed}");
            seed
        }
        Ok(asked) => asked.parse().expect("WEIGHLOCK_RANDOM_SEED is a number, or `random`"),
    };
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..Config::default() }
}

#[test]
fn a_seed_draws_the_same_again() {
    use proptest::prelude::any;
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;

    let drawn = || {
        let mut drawn = Vec::new();
        let runner = &mut TestRunner::new(config(8));
        for _ in 0..8 {
            drawn.push(any::<u64>().new_tree(runner).unwrap().current());
        }
        drawn
    };
    let asked = std::env::var("WEIGHLOCK_RANDOM_SEED").is_ok_and(|asked| asked == "random");
    assert!(asked || drawn() == drawn());
}
