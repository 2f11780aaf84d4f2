//! Neural models from folders: equal to their reference implementations, clear in what they refuse.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail, and show figures")]

mod clip;
mod minilm;
mod opening;
mod references;
mod transformer;
