//! What is measured, one section to a file.

pub mod churn;
pub mod import;
pub mod import_filedex;
pub mod open;
pub mod queries;
pub mod size;
pub mod update;
pub mod vectors;
