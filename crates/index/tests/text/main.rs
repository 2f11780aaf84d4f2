//! Text segments against a plain evaluation of the same questions.

mod damage;
mod naive;
mod orders;
mod predicates;
mod ranking;
mod records;
mod segments;
mod store;
