//! The store through its public interface, on real files and on devices that fail.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod backup;
mod blobs;
mod crash;
mod damage;
mod open;
mod packed;
mod pages;
mod records;
mod rules;
mod sample;
mod spaces;
mod speed;
mod transactions;
mod upgrade;
mod whole;
