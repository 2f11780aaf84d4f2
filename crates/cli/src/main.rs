//! The `filedex` program.

fn main() {}
