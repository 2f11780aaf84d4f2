//! Filedex over HTTP: one file, served in the contracts of three cloud services, so that software
//! written for them works against it with no change but the endpoint.
//!
//! - PAI AIWorkSpace 2021-02-04, `/api/v1/…`: datasets, versions, file metadata and its queries.
//! - PDS 2022-03-01, `/v2/…`: files of a drive.
//! - Nebius Token Factory, `/v1/datasets…`: datasets.
//!
//! Or, with [`Config::browse`], a page to look at the file with, which serves nothing else.
//!
//! `SERVICES.md` beside this crate lists the operations and says how what their documents leave open
//! is read. `/healthz`, `/metrics` and `/openapi.json` are the server's own.
//!
//! ```
//! use filedex::Database;
//! use filedex_server::{Config, Server};
//!
//! let dir = tempfile::tempdir()?;
//! let database = Database::create(dir.path().join("photos.filedex"))?;
//! let server = Server::bind(database, Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() })?;
//! println!("listening on http://{}", server.address());
//! let stop = server.stop_handle();
//! stop.stop(); // From a signal handler, or another thread.
//! server.run()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How it is built: [`Server`] accepts connections and gives each request to the admission, which
//! reads the body, checks signatures and limits, logs and counts; then a handler of the service's
//! module maps the wire's types to the library's, and works on a thread of its own pool. Writes
//! that arrive together are committed together. Wire types are in the modules of their service and
//! nowhere else.

mod admission;
mod app;
pub mod auth;
mod browse;
mod clock;
mod config;
mod escape;
mod fault;
pub mod files;
mod in_process;
mod jobs;
mod json_object;
mod links;
mod listen;
mod local;
mod metrics;
mod nebius;
mod notes;
mod origin;
mod pai;
mod pds;
mod router;
mod service;
mod write_queue;

pub use browse::Browse;
pub use config::Config;
pub use in_process::InProcess;
pub use listen::{ServeError, Server, StopHandle};
pub use local::{CommandOutput, CommandRunner, LocalServer, SentCommand};
