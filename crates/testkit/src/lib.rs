//! What Filedex's tests share: a naive oracle, seeded generators and the fixtures.
//!
//! - [`oracle`] keeps the records of one dataset version in a plain `Vec` and answers by asking
//!   each in turn. It knows no index, no plan and no transaction, so what it says is what the
//!   engine has to say. Its `World` is a whole database: datasets, versions, spaces, vectors, notes.
//! - [`script`] are whole runs as data: made from a seed, printed, read, and made small where they
//!   fail.
//! - [`generate`] makes files, operations, filters, orders and page sizes from a [`Seed`], out of
//!   vocabularies so small that things collide.
//! - [`disk`] are disks that remember what was done to them, lose power, and fail.
//! - [`fixture`] reads `fixtures/`: real records, and queries with answers that no part of Filedex
//!   computed.
//!
//! Only tests depend on this crate. It knows the model, and the query language as the notation of
//! filters, and nothing else of Filedex.
//!
//! ```
//! use filedex_model::{Order, Property, SortBy, StatusFilter};
//! use filedex_testkit::{Generator, Oracle, Seed};
//!
//! let mut generator = Generator::new(Seed::of_run(1), "d-1");
//! let mut oracle = Oracle::new("d-1");
//! for _ in 0..100 {
//!     let (operation, now) = (generator.operation(), generator.tick());
//!     oracle.apply(operation, now);
//! }
//! let filter = generator.filter(3).at(generator.now());
//! let listed = oracle.list(&filter, StatusFilter::All, &SortBy::DataSize, Order::Desc);
//! assert_eq!(listed.len(), oracle.total(&filter, StatusFilter::All));
//! let types = oracle.facets(&Property::FileType, &filter, StatusFilter::All);
//! assert!(types.iter().map(|(_, count)| *count).max() <= Some(listed.len()));
//! ```

pub mod disk;
pub mod fixture;
pub mod generate;
pub mod oracle;
pub mod script;

pub use generate::{Generator, Seed};
pub use oracle::{ImportMode, Operation, Oracle};
