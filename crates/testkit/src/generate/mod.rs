//! Seeded generators: the same seed makes the same files, operations and filters.

mod attributes;
mod files;
mod filters;
mod generator;
mod operations;
mod seed;
mod vocabulary;

pub use generator::Generator;
pub use seed::Seed;
