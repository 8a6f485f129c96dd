//! Pure parsers: text into the model, with positions where they matter.
//!
//! Nothing here reads a file or asks the time. What cannot be understood is an error or absent,
//! never a guess.

pub mod commit;
pub mod fit;
pub mod input;
pub mod key;
pub mod kubernetes;
pub mod merge;
pub mod signature;
pub mod version;
