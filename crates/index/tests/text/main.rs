//! Text segments against a plain evaluation of the same questions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod damage;
mod naive;
mod orders;
mod predicates;
mod ranking;
mod records;
mod segments;
mod store;
